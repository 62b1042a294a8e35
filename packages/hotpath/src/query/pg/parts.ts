import type { Parse } from '../../sql/syntax.js'
import type { Defects } from '../defects.js'
import { type BatchCounter, type Host, routeName } from '../host.js'
import type { Observing } from '../invalidation/observing.js'
import type { Scope } from '../scope.js'
import type { Shapes } from '../shape.js'
import type { Prepare } from '../wire.js'
import type { PgQuery } from './answer.js'
import type { Call } from './call.js'
import type { Sessions } from './sessions.js'

/** Where a query keeps the call that it is for. */
export const CALL = Symbol('hotpath.call')
export type Watched = PgQuery & { [CALL]?: Call }

/** What the parts of this stage share. */
export class Parts {
  /** Notes what is read and written, where a cache needs it. */
  observing: Observing | undefined = undefined

  constructor(
    readonly host: Host,
    readonly parse: Parse,
    readonly shapes: Shapes,
    readonly sessions: Sessions,
    /** pg's own way to make text of a value. */
    readonly prepare: () => Prepare | undefined,
    readonly defects: Defects,
  ) {}

  count(scope: Scope, name: BatchCounter, reason = '', n = 1): void {
    this.host.count(name, routeName(scope.route()), reason, n)
  }
}

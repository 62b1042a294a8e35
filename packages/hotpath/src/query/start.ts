/** The stages of statements, as a bundle of its own: loaded only when the config asks for them. */
import type { Config } from '../config.js'
import type { Parse } from '../sql/syntax.js'
import type { Defects } from './defects.js'
import { watchCallsOut } from './calls-out.js'
import type { Host } from './host.js'
import { TagSharing } from '../cache/sharing.js'
import { processTags } from '../cache/tags.js'
import type { Grammar as ReadGrammar } from './invalidation/functions.js'
import { Observing } from './invalidation/observing.js'
import { Parts } from './pg/parts.js'
import { Sessions } from './pg/sessions.js'
import { PgBatching } from './pg/stage.js'
import { startStrict } from './strict/start.js'
import { Policies } from './policy.js'
import { rehearse } from './rehearsal/rehearse.js'
import { Shapes } from './shape.js'
import type { PgStage } from './seam.js'
import type { Prepare } from './wire.js'

/** The app may replace the global timers; ours must be real. */
const { setTimeout } = globalThis

/** What the app needs beside us, when it batches. */
interface Grammar {
  loadModule?(): Promise<void>
  parseSync(text: string): unknown
  parsePlPgSQLSync?(definition: string): unknown
}

/**
 * Makes the stage of pg, or says in one line why there is none. `load` brings libpg-query: an optional
 * peer of the package, so it is the app's to install.
 *
 * @param defects Planted by the verifier alone.
 */
export async function startQueries(
  config: Config,
  environment: Readonly<Record<string, string | undefined>>,
  host: Host,
  load: () => Promise<unknown>,
  prepare: () => Prepare | undefined,
  defects: Defects = {},
): Promise<PgStage | undefined> {
  const policies = new Policies(config, environment)
  if (!policies.any) return undefined
  const read = await grammar(load)
  if (read === undefined) {
    const isStrict = config.invalidation?.mode === 'strict'
    host.say(
      isStrict
        ? 'strict invalidation needs PostgreSQL\'s grammar: nothing is given from a cache, and no other process gives hits while this one is connected to PostgreSQL. Run "npm install libpg-query".'
        : policies.keepsResponses
          ? 'statements are not read one by one without PostgreSQL\'s grammar, so each write makes all cached answers old that a statement was read for. Run "npm install libpg-query".'
          : 'what is done with statements needs PostgreSQL\'s grammar and is off: run "npm install libpg-query", or take "queries" out of the config.',
    )
    return undefined
  }
  const { parse } = read
  const parts = new Parts(host, parse, new Shapes(parse), new Sessions(), prepare, defects)
  if (policies.observes) {
    parts.observing = new Observing(parts, processTags(), read)
    share(config, host)
    const { invalidation } = config
    if (invalidation?.mode === 'strict')
      parts.observing.share(forget => startStrict(invalidation, parts, processTags(), forget))
    const { listen } = config.invalidation ?? {}
    if (listen !== undefined) parts.observing.listen(listen)
  }
  const stage = new PgBatching(parts, policies)
  watchCallsOut(
    () => host.request(),
    trace => stage.calledOut(trace),
  )
  if (policies.batches) rehearseSoon(parse, host)
  return stage
}

/**
 * Once the app has a driver: who never asks a database does not pay for it. A moment later, so that the
 * stage is in its place first.
 */
function rehearseSoon(parse: Parse, host: Host): void {
  const start = () => {
    rehearse(parse, host.now()).catch(() => host.caught('query.rehearsal'))
  }
  void host.driver.then(() => setTimeout(start, 1).unref())
}

/** What is written is told to other processes, where the config says how. */
function share({ invalidation }: Config, host: Host): void {
  const channel = invalidation?.channel
  if (channel === undefined) return
  Promise.resolve()
    .then(() => (typeof channel === 'function' ? channel() : channel))
    .then(
      made => void TagSharing.start(processTags(), made),
      () => {
        host.caught('query.channel')
        host.say(
          'the channel of "invalidation" could not be made: writes of other processes go unheard.',
        )
      },
    )
}

async function grammar(load: () => Promise<unknown>): Promise<ReadGrammar | undefined> {
  try {
    const loaded = (await load()) as Grammar & { default?: Grammar }
    const module = typeof loaded.parseSync === 'function' ? loaded : loaded.default
    await module?.loadModule?.()
    if (module === undefined || module.parseSync('select 1') === undefined) return undefined
    return {
      parse: text => module.parseSync(text) as ReturnType<Parse>,
      plpgsql: module.parsePlPgSQLSync?.bind(module),
    }
  } catch {
    return undefined
  }
}

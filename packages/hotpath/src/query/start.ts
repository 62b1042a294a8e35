/** The stages of statements, as a bundle of its own: loaded only when the config asks for them. */
import type { Config } from '../config.js'
import type { Parse } from '../sql/syntax.js'
import type { Defects } from './defects.js'
import { watchCallsOut } from './calls-out.js'
import type { Host } from './host.js'
import { Parts } from './pg/parts.js'
import { Sessions } from './pg/sessions.js'
import { PgBatching } from './pg/stage.js'
import { Policies } from './policy.js'
import { Shapes } from './shape.js'
import type { PgStage } from './seam.js'
import type { Prepare } from './wire.js'

/** What the app needs beside us, when it batches. */
interface Grammar {
  loadModule?(): Promise<void>
  parseSync(text: string): unknown
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
  const parse = await grammar(load)
  if (parse === undefined) {
    host.say(
      'batching needs PostgreSQL\'s grammar and is off: run "npm install libpg-query", or take "queries" out of the config.',
    )
    return undefined
  }
  const parts = new Parts(host, parse, new Shapes(parse), new Sessions(), prepare, defects)
  const stage = new PgBatching(parts, policies)
  watchCallsOut(
    () => host.request(),
    trace => stage.calledOut(trace),
  )
  return stage
}

async function grammar(load: () => Promise<unknown>): Promise<Parse | undefined> {
  try {
    const loaded = (await load()) as Grammar & { default?: Grammar }
    const module = typeof loaded.parseSync === 'function' ? loaded : loaded.default
    await module?.loadModule?.()
    if (module === undefined || module.parseSync('select 1') === undefined) return undefined
    return text => module.parseSync(text) as ReturnType<Parse>
  } catch {
    return undefined
  }
}

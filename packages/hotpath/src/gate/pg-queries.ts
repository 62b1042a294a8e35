import { createRequire } from 'node:module'
import { join } from 'node:path'
import { closed } from '../cache/strict/closed.js'
import { elsewhere } from '../cache/elsewhere.js'
import { Member } from '../cache/strict/member.js'
import { Unmarked } from '../cache/strict/unmarked.js'
import { processTags } from '../cache/tags.js'
import type { Config } from '../config.js'
import type { Host } from '../query/host.js'
import type { Defects } from '../query/defects.js'
import { observes } from '../query/policy.js'
import type { startQueries } from '../query/start.js'
import type { Prepare } from '../query/wire.js'
import { context } from '../trace/context.js'
import { caught } from '../trace/counts.js'
import { onModule } from '../trace/module-load.js'
import { recorder } from '../trace/recorder.js'
import { beforeTallies, tally } from '../trace/tallies.js'
import { begin, markStatement } from './pg-client.js'
import { MAX_EARLY, stages, useStage } from './pg-stage.js'
import type { PgClient, QueryConfig } from './pg-types.js'
import { decide, wire } from './wire/sockets.js'

let driverIsThere: () => void = () => {}

/** What the bundle of the stages may use of the recorder, of which there is one. */
const host: Host = {
  driver: new Promise(resolve => {
    driverIsThere = resolve
  }),
  request: () => context.getStore()?.trace,
  untraced: fn => context.run(undefined, fn),
  begin: (client, config, values) =>
    begin(client as PgClient, config as QueryConfig | string, values, undefined),
  mark: markStatement,
  caught,
  count: countBatch,
  tally: (name, n, reason = '') => tally(`hotpath.${name}`, reason === '' ? {} : { reason }, n),
  beforeCounts: beforeTallies,
  say: line => void process.stderr.write(`hotpath: ${line}\n`),
  now: recorder.now,
}

/** @param route `GET /users`, or '' where it is not known yet. */
function countBatch(name: string, route: string, reason: string, n: number): void {
  const [method = '', template = ''] = route.split(' ')
  tally(
    `hotpath.batch.${name}`,
    {
      ...(method === '' ? {} : { 'http.request.method': method }),
      ...(template === '' ? {} : { 'http.route': template }),
      ...(reason === '' ? {} : { reason }),
    },
    n,
  )
}

let prepare: Prepare | undefined

/**
 * Loads what the config asks for with statements; nothing when it asks for nothing. The stages and
 * PostgreSQL's grammar are a bundle of their own: an app without them does not pay for them.
 *
 * @param defects The verifier's alone.
 */
export function useQueries(config: Config, root: string, defects: Defects = {}): Promise<void> {
  const strict = isStrict(config)
  // At once: answers and functions are asked for before the stages are there.
  if (strict) processTags().strict ??= closed
  elsewhere().watched = observes(config)
  wire.looks = elsewhere().watched
  const asked = strict || config.queries !== undefined || config.routes !== undefined
  if (!asked || !recorder.enabled) {
    stages.early = undefined
    decide()
    return Promise.resolve()
  }
  onModule('/pg/lib/utils.js', exports => {
    prepare ??= (exports as { prepareValue?: Prepare }).prepareValue
    driverIsThere()
  })
  return start(config, root, defects).catch(() => {
    goWithout(config)
    caught('query.start')
  })
}

const isStrict = ({ invalidation }: Config): boolean => invalidation?.mode === 'strict'

/** Statements of pg are not read one by one: all that is known is which of them write. */
function goWithout(config: Config): void {
  stages.early = undefined
  elsewhere().pgToo = true
  if (isStrict(config)) {
    processTags().strict = closed
    void markAll(config).catch(() => caught('strict.store'))
  }
  decide()
}

/** Nothing that this process writes can be marked, and others must know: they give no hits. */
async function markAll({ invalidation }: Config): Promise<void> {
  const count = (name: string, reason: string) =>
    host.tally(`invalidation.strict.${name}`, 1, reason)
  const member = new Member(
    true,
    { caught, count },
    () => {},
    () => {},
  )
  elsewhere().held = new Unmarked(member, host.say)
  const { store } = invalidation ?? {}
  const made = await (typeof store === 'function' ? store() : store)
  if (made !== undefined) member.start(made.versions)
}

async function start(config: Config, root: string, defects: Defects): Promise<void> {
  const module = (await import('../query/start.js')) as { startQueries: typeof startQueries }
  const stage = await module.startQueries(
    config,
    process.env,
    host,
    () => grammar(root),
    () => prepare,
    defects,
  )
  if (stage !== undefined && (stages.early?.length ?? 0) < MAX_EARLY) {
    useStage(stage)
    decide()
  } else goWithout(config)
}

/** Beside us, or beside the app. */
async function grammar(root: string): Promise<unknown> {
  const name = 'libpg-query'
  try {
    return await import(name)
  } catch {
    return createRequire(join(root, 'package.json'))(name) as unknown
  }
}

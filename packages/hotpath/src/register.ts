/** What `node --import hotpath/register` runs: attaches the recorder to this process, once. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { dirname, resolve } from 'node:path'
import type { Config } from './config.js'
import { appRoot, configFile, loadConfig, serviceName } from './config/load.js'
import { serviceVersion } from './config/version.js'
import { isCheck, isDisabled, settingsOf } from './config/settings.js'
import { decide, gateSockets } from './gate/wire/sockets.js'
import { gateFastifyInject } from './gate/fastify-inject.js'
import { gateHttp2Server } from './gate/http2-server.js'
import { gateHttpServer } from './gate/http-server.js'
import { gateMysql2Pool } from './gate/mysql2-pool.js'
import { gateMysql2Spans } from './gate/mysql2-spans.js'
import { gateMysql2Statements } from './gate/mysql2-statements.js'
import { gateMysql2Share } from './gate/mysql2-share.js'
import { gatePg } from './gate/pg.js'
import { stages } from './gate/pg-stage.js'
import { gatePostgresJs } from './gate/postgres-js.js'
import { gateSqlite } from './gate/sqlite.js'
import { useQueries } from './gate/pg-queries.js'
import { watchRouteNames } from './gate/route-names.js'
import { useLimits } from './gate/limit-stage.js'
import { useServe } from './gate/serve-stage.js'
import { observeLibraries } from './observe/libraries.js'
import { plans } from './plans/policy.js'
import { pools } from './pool/policy.js'
import { usePool } from './pool/use.js'
import { caught } from './trace/counts.js'
import { arriveBeforeMessages, configure } from './trace/start.js'
import { follow } from './trace/follow.js'
import { patchEsModules } from './trace/es-module.js'
import { hookModuleLoad } from './trace/module-load.js'
import { reaching } from './trace/reaching.js'
import { recorder } from './trace/recorder.js'

/** The recorder of this process, for a second copy of us, and for who measures what it costs. */
const ATTACHED = Symbol.for('hotpath.recorder')
/** The same for `hotpath/test`, also in the sandboxes that jest makes: Node's own classes are in all of them. */
const FOLLOW = Symbol.for('hotpath.follow')
/** The same of the stages of statements. */
const STAGES = Symbol.for('hotpath.stages')
/** The same of what is done with pools. */
const POOLS = Symbol.for('hotpath.pools')

if (!isAttached() && !isDisabled(process.env)) {
  Object.defineProperty(AsyncLocalStorage, FOLLOW, { value: follow })
  Object.defineProperty(globalThis, ATTACHED, { value: recorder })
  Object.defineProperty(globalThis, STAGES, { value: stages })
  Object.defineProperty(globalThis, POOLS, { value: pools })
  try {
    attach()
  } catch {
    caught('register')
  }
}

function isAttached(): boolean {
  const here: unknown = Reflect.get(globalThis, ATTACHED)
  return (here ?? Reflect.get(AsyncLocalStorage, FOLLOW)) !== undefined
}

function attach(): void {
  gateHttpServer()
  gateHttp2Server()
  gateFastifyInject()
  gatePg()
  gateMysql2Pool()
  gateMysql2Spans()
  gateMysql2Statements()
  gateMysql2Share()
  gatePostgresJs()
  gateSqlite()
  observeLibraries()
  hookModuleLoad()
  if (isCheck(process.env)) arriveBeforeMessages()
  const script = process.argv[1]
  const root = appRoot(isOfApp(script) ? dirname(resolve(script)) : process.cwd())
  patchEsModules(root, script)
  const file = configFile(root, process.env.HOTPATH_CONFIG)
  const use = (config: Config) => {
    const version = serviceVersion(root, process.env)
    const app = { root, name: serviceName(root, script), version }
    const settings = settingsOf(config, process.env, app)
    for (const { message } of settings.export.problems)
      process.stderr.write(`hotpath: ${message} Recording with the defaults.\n`)
    configure(settings)
    plans.looked = settings.enabled && settings.explain
    usePool(config)
    void useQueries(config, root)
    void useServe(config)
    void useLimits(config)
    watchRouteNames(config)
  }
  if (file === undefined) {
    use({})
    return
  }
  stages.early = []
  reaching.expected = true
  gateSockets()
  loadConfig(file).then(
    checked => {
      if (!checked.ok)
        process.stderr.write(
          `hotpath: ${checked.problem.message} Nothing of the file holds: recording with the defaults.\n`,
        )
      use(checked.ok ? checked.config : {})
    },
    () => {
      caught('config')
      decide()
    },
  )
}

/** The script of a test run is often the runner's own, in node_modules: the app is where it was started. */
function isOfApp(script: string | undefined): script is string {
  if (script === undefined) return false
  return !isCheck(process.env) || !/[\\/]node_modules[\\/]/.test(resolve(script))
}

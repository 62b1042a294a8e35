/** What `node --import hotpath/register` runs: attaches the recorder to this process, once. */
import { dirname, resolve } from 'node:path'
import type { Config } from './config.js'
import { appRoot, configFile, loadConfig, serviceName } from './config/load.js'
import { isDisabled, settingsOf } from './config/settings.js'
import { gateHttpServer } from './gate/http-server.js'
import { gateMysql2Pool } from './gate/mysql2-pool.js'
import { gateMysql2Share } from './gate/mysql2-share.js'
import { gatePg } from './gate/pg.js'
import { stages } from './gate/pg-stage.js'
import { useQueries } from './gate/pg-queries.js'
import { observeLibraries } from './observe/libraries.js'
import { usePool } from './pool/use.js'
import { caught } from './trace/counts.js'
import { configure } from './trace/start.js'
import { hookModuleLoad } from './trace/module-load.js'
import { recorder } from './trace/recorder.js'

/** The recorder of this process, for a second copy of us, and for who measures what it costs. */
const ATTACHED = Symbol.for('hotpath.recorder')
/** The same of the stages of statements. */
const STAGES = Symbol.for('hotpath.stages')

if (Reflect.get(globalThis, ATTACHED) === undefined && !isDisabled(process.env)) {
  Object.defineProperty(globalThis, ATTACHED, { value: recorder })
  Object.defineProperty(globalThis, STAGES, { value: stages })
  try {
    attach()
  } catch {
    caught('register')
  }
}

function attach(): void {
  gateHttpServer()
  gatePg()
  gateMysql2Pool()
  gateMysql2Share()
  observeLibraries()
  hookModuleLoad()
  const script = process.argv[1]
  const root = appRoot(script === undefined ? process.cwd() : dirname(resolve(script)))
  const file = configFile(root, process.env.HOTPATH_CONFIG)
  const use = (config: Config) => {
    const settings = settingsOf(config, process.env, { root, name: serviceName(root, script) })
    for (const { message } of settings.export.problems)
      process.stderr.write(`hotpath: ${message} Recording with the defaults.\n`)
    configure(settings)
    usePool(config)
    void useQueries(config, root)
  }
  if (file === undefined) {
    use({})
    return
  }
  stages.early = []
  loadConfig(file).then(
    checked => {
      if (!checked.ok)
        process.stderr.write(`hotpath: ${checked.problem.message} Recording with the defaults.\n`)
      use(checked.ok ? checked.config : {})
    },
    () => caught('config'),
  )
}

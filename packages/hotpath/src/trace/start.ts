import { readFileSync } from 'node:fs'
import type { Settings } from '../config/settings.js'
import { lookIntoBlocks } from './block-frames.js'
import { caught, contained } from './counts.js'
import { Exporter } from './exporter.js'
import { keeper } from './keeper.js'
import { recorder } from './recorder.js'
import { ALL_RATES, DEV_RATES, NO_RATES, PRODUCTION_RATES, Sampler } from './sampler.js'
import { trustPeers } from './trust.js'

/**
 * Records and exports from now on with these settings. The worker starts when the first trace
 * ended: programs without one (npm, scripts) have no thread.
 */
export function configure(settings: Settings): void {
  if (!settings.enabled) {
    recorder.enabled = false
    return
  }
  keeper.sampler = new Sampler(
    settings.everything
      ? ALL_RATES
      : { ...(settings.dev ? DEV_RATES : PRODUCTION_RATES), ...settings.sample },
  )
  trustPeers(settings.trust)
  // A suite is not timed, and of what does not leave nothing is said.
  if (settings.profile && settings.exports && !settings.everything) lookIntoBlocks()
  if (!settings.exports) {
    keeper.sampler = new Sampler(NO_RATES)
    return
  }
  keeper.onFirst = () => begin(settings)
  // The config file was read while the app already worked.
  if (keeper.ring.spans > 0) keeper.begin()
}

function begin(settings: Settings): void {
  const { headers } = settings
  if (typeof headers !== 'function') start(settings, headers)
  else
    Promise.resolve(contained('config.headers', headers)).then(
      given => start(settings, given ?? {}),
      () => caught('config.headers'),
    )
}

function start(settings: Settings, headers: Readonly<Record<string, string>>): void {
  contained('trace.start', () => {
    const exporter = new Exporter(settings, headers, packageVersion())
    beforeExit(() => contained('trace.exit', () => exporter.finish()))
    exporter.start()
    running = exporter
  })
}

let running: Exporter | undefined

/**
 * From now on what was recorded has arrived before this process or thread tells another anything. Runners
 * of tests kill a worker as soon as it has told its results: vitest each, jest those that are slow to end.
 * Call it first: they keep `process.send` for themselves.
 */
export function arriveBeforeMessages(): void {
  const flush = (): void => void contained('trace.flush', () => running?.flush())
  beforeCalls(process, 'send', flush)
  const { MessagePort } = process.getBuiltinModule('node:worker_threads')
  beforeCalls(MessagePort.prototype, 'postMessage', flush)
}

function beforeCalls(object: object, name: string, flush: () => void): void {
  const original: unknown = Reflect.get(object, name)
  if (typeof original !== 'function') return
  Object.defineProperty(object, name, {
    value: function (this: unknown, ...args: unknown[]) {
      flush()
      return original.apply(this, args) as unknown
    },
    writable: true,
    configurable: true,
  })
}

/**
 * Calls `fn` before the app's listeners for `exit`. It is seen on its way, since a listener of ours would
 * be counted: the app's tenth and ours make Node warn of a leak.
 */
function beforeExit(fn: () => void): void {
  const emit = process.emit as (this: unknown, event: unknown, ...args: unknown[]) => boolean
  const gated: typeof emit = function (event, ...args) {
    if (event === 'exit') fn()
    return emit.call(this, event, ...args)
  }
  Object.defineProperty(process, 'emit', { value: gated, writable: true, configurable: true })
}

function packageVersion(): string {
  const file = new URL('../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

import { type Config, type ExportHeaders, MAX_EXIT_MS, type SampleConfig } from '../config.js'
import { type ExportSettings, exportSettings, headersFromText, text } from './export.js'

/** What the recorder works with, from the config file and the environment. */
export interface Settings {
  readonly service: string
  /** What runs; undefined: nobody says. */
  readonly version: string | undefined
  readonly export: ExportSettings
  readonly headers: ExportHeaders
  readonly trust: readonly string[]
  readonly sample: SampleConfig
  /** Call sites are relative to this directory. */
  readonly root: string
  readonly enabled: boolean
  /** What a process that ends waits for its last telemetry. */
  readonly exitMs: number
  /** Somebody watches: keep more, report every second. */
  readonly dev: boolean
  /** A run of tests is judged (`hotpath check`): keep all, and hand it over at once. */
  readonly everything: boolean
  /** Code that keeps the event loop again and again is looked into with the profiler. */
  readonly profile: boolean
  /** The database is asked how it runs statements that took long. */
  readonly explain: boolean
  /** False: what is recorded stays here, for assertions of tests (`hotpath/test`). */
  readonly exports: boolean
}

type Environment = Readonly<Record<string, string | undefined>>

/** Long enough for a console on the same network, too short for anybody to wait for. */
const DEFAULT_EXIT_MS = 500

/**
 * `HOTPATH_*` goes before the file, the file before OpenTelemetry's variables. Those headers belong
 * to their endpoint: they are not sent to another.
 */
export function settingsOf(
  config: Config,
  environment: Environment,
  app: { readonly root: string; readonly name: string; readonly version?: string | undefined },
): Settings {
  const exporting = exportSettings(config, environment)
  const own = text(environment.HOTPATH_HEADERS)
  return {
    service:
      text(environment.HOTPATH_SERVICE) ??
      config.service ??
      text(environment.OTEL_SERVICE_NAME) ??
      app.name,
    version: app.version,
    export: exporting,
    headers: own === undefined ? (config.headers ?? exporting.headers) : headersFromText(own),
    trust: config.trust ?? [],
    sample: config.sample ?? {},
    root: config.callSites?.root ?? app.root,
    enabled: config.enabled !== false && !isDisabled(environment),
    exitMs: milliseconds(environment.HOTPATH_EXIT_MS) ?? config.exitMs ?? DEFAULT_EXIT_MS,
    dev: environment.HOTPATH_MODE === 'dev' || isCheck(environment),
    everything: isCheck(environment),
    profile: config.profile !== false && environment.HOTPATH_PROFILE !== 'off',
    explain: isOn(environment.HOTPATH_EXPLAIN) ?? config.explain === true,
    exports: environment.HOTPATH_MODE !== 'test',
  }
}

/** `HOTPATH_DISABLED=1`: the recorder is not even attached. */
export function isDisabled(environment: Environment): boolean {
  const value = environment.HOTPATH_DISABLED
  return value !== undefined && value !== '' && value !== '0' && value !== 'false'
}

/** `hotpath check` runs a test suite: each request may be the only one that shows something. */
export function isCheck(environment: Environment): boolean {
  return environment.HOTPATH_MODE === 'check'
}

const isOn = (value: string | undefined): boolean | undefined =>
  value === 'on' ? true : value === 'off' ? false : undefined

function milliseconds(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,9}$/.test(value)
    ? Math.min(Number(value), MAX_EXIT_MS)
    : undefined
}

import type { Config, ExportHeaders, SampleConfig } from '../config.js'
import { type ExportSettings, exportSettings, text } from './export.js'

/** What the recorder works with, from the config file and the environment. */
export interface Settings {
  readonly service: string
  readonly export: ExportSettings
  readonly headers: ExportHeaders
  readonly trust: readonly string[]
  readonly sample: SampleConfig
  /** Call sites are relative to this directory. */
  readonly root: string
  readonly enabled: boolean
  /** Somebody watches: keep more, report every second. */
  readonly dev: boolean
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * `HOTPATH_*` goes before the file, the file before OpenTelemetry's variables. Those headers belong
 * to their endpoint: they are not sent to another.
 */
export function settingsOf(
  config: Config,
  environment: Environment,
  app: { readonly root: string; readonly name: string },
): Settings {
  const exporting = exportSettings(config, environment)
  return {
    service:
      text(environment.HOTPATH_SERVICE) ??
      config.service ??
      text(environment.OTEL_SERVICE_NAME) ??
      app.name,
    export: exporting,
    headers: config.headers ?? exporting.headers,
    trust: config.trust ?? [],
    sample: config.sample ?? {},
    root: config.callSites?.root ?? app.root,
    enabled: config.enabled !== false && !isDisabled(environment),
    dev: environment.HOTPATH_MODE === 'dev',
  }
}

/** `HOTPATH_DISABLED=1`: the recorder is not even attached. */
export function isDisabled(environment: Environment): boolean {
  const value = environment.HOTPATH_DISABLED
  return value !== undefined && value !== '' && value !== '0' && value !== 'false'
}

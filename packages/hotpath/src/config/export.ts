import type { Config } from '../config.js'
import { type Problem, problem } from '../errors.js'

/** How bodies are written: OTLP's two encodings over HTTP. */
export type Protocol = 'http/json' | 'http/protobuf'

/** Where one signal goes. */
export interface Target {
  readonly url: string
  /** Headers of this signal alone, in place of all others. */
  readonly headers?: Readonly<Record<string, string>>
}

export interface ExportSettings {
  readonly targets: { readonly traces: Target; readonly metrics: Target }
  readonly protocol: Protocol
  readonly compression: 'gzip' | 'none'
  /** Of OpenTelemetry's variables; empty when those were not used. */
  readonly headers: Readonly<Record<string, string>>
  /** What was not understood; the defaults hold instead. */
  readonly problems: readonly Problem[]
}

type Environment = Readonly<Record<string, string | undefined>>

export const DEFAULT_ENDPOINT = 'http://127.0.0.1:4318'

/**
 * Where and how telemetry goes. `HOTPATH_ENDPOINT` or the file decide first; without them
 * OpenTelemetry's variables do, as its exporter specification has it: a signal's own endpoint is taken
 * as it is, the common one gets the path of the signal, and what was set for them (headers, protocol,
 * compression) belongs to those endpoints and is used for no other.
 */
export function exportSettings(config: Config, environment: Environment): ExportSettings {
  const problems: Problem[] = []
  const url = (name: string) => urlOf(environment, name, problems)
  const chosen = url('HOTPATH_ENDPOINT') ?? config.endpoint
  if (chosen !== undefined) {
    const asked = protocolOf(environment, 'HOTPATH_PROTOCOL', problems)
    return {
      targets: below(chosen),
      protocol: asked ?? config.protocol ?? 'http/json',
      compression: 'gzip',
      headers: {},
      problems,
    }
  }
  const common = url('OTEL_EXPORTER_OTLP_ENDPOINT')
  const traces = url('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT')
  const metrics = url('OTEL_EXPORTER_OTLP_METRICS_ENDPOINT')
  const theirs = common ?? traces ?? metrics
  const ours = below(common ?? DEFAULT_ENDPOINT)
  if (theirs === undefined)
    return {
      targets: ours,
      protocol: config.protocol ?? 'http/json',
      compression: 'gzip',
      headers: {},
      problems,
    }
  const headersOf = (name: string) => {
    const list = text(environment[name])
    return list === undefined ? {} : { headers: headersFromText(list) }
  }
  // A signal without an endpoint of theirs goes to the console, without their headers.
  const own = common === undefined ? { headers: {} } : {}
  return {
    targets: {
      traces:
        traces === undefined && common === undefined
          ? { ...ours.traces, ...own }
          : {
              url: traces ?? ours.traces.url,
              ...headersOf('OTEL_EXPORTER_OTLP_TRACES_HEADERS'),
            },
      metrics:
        metrics === undefined && common === undefined
          ? { ...ours.metrics, ...own }
          : {
              url: metrics ?? ours.metrics.url,
              ...headersOf('OTEL_EXPORTER_OTLP_METRICS_HEADERS'),
            },
    },
    // Their default; many backends take nothing else.
    protocol:
      protocolOf(environment, 'OTEL_EXPORTER_OTLP_PROTOCOL', problems) ??
      config.protocol ??
      'http/protobuf',
    compression: environment['OTEL_EXPORTER_OTLP_COMPRESSION'] === 'none' ? 'none' : 'gzip',
    headers: headersFromText(environment['OTEL_EXPORTER_OTLP_HEADERS'] ?? ''),
    problems,
  }
}

/** Both signals below a base URL, whose query (a key, with some backends) stays. */
function below(endpoint: string): ExportSettings['targets'] {
  const at = (path: string): Target => {
    const url = new URL(endpoint)
    url.pathname = `${url.pathname.replace(/\/+$/, '')}${path}`
    return { url: url.href }
  }
  return { traces: at('/v1/traces'), metrics: at('/v1/metrics') }
}

function urlOf(environment: Environment, key: string, problems: Problem[]): string | undefined {
  const value = text(environment[key])
  if (value === undefined) return undefined
  if (/^https?:\/\//i.test(value) && URL.canParse(value)) return value
  problems.push(
    problem('HOTPATH_ENVIRONMENT', { key, expected: `a URL such as ${DEFAULT_ENDPOINT}` }),
  )
  return undefined
}

function protocolOf(
  environment: Environment,
  key: string,
  problems: Problem[],
): Protocol | undefined {
  const value = text(environment[key])
  if (value === undefined || value === 'http/json' || value === 'http/protobuf') return value
  const expected = 'http/protobuf or http/json: the recorder speaks no other'
  problems.push(problem('HOTPATH_ENVIRONMENT', { key, expected }))
  return undefined
}

/** `key=value,key2=value2`, values percent-encoded: OpenTelemetry's environment variable specification. */
export function headersFromText(list: string): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const pair of list.split(',')) {
    const at = pair.indexOf('=')
    if (at < 1) continue
    headers[pair.slice(0, at).trim()] = decoded(pair.slice(at + 1).trim())
  }
  return headers
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

export function text(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value
}

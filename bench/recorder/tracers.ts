import { join } from 'node:path'
import { companyFolder } from '@hotpath/test/company'
import { fixtures } from '@hotpath/test/places'

/** Another tracer, as its manual says that it is attached, with its defaults but for where it sends. */
export interface Tracer {
  readonly name: string
  flags(): readonly string[]
  env(sinkUrl: string): Readonly<Record<string, string>>
}

const ofCompany = (...path: readonly string[]): string =>
  join(companyFolder(), 'node_modules', ...path)

/** All record every request. What they ask of clouds and of their vendor at start is switched off. */
export const tracers: readonly Tracer[] = [
  {
    name: 'OpenTelemetry',
    flags: () => [
      '--require',
      ofCompany('@opentelemetry', 'auto-instrumentations-node', 'build', 'src', 'register.js'),
    ],
    env: sinkUrl => ({
      OTEL_EXPORTER_OTLP_ENDPOINT: sinkUrl,
      OTEL_SERVICE_NAME: 'bench',
      OTEL_NODE_RESOURCE_DETECTORS: 'env,host,os',
    }),
  },
  {
    name: 'dd-trace',
    flags: () => ['--require', ofCompany('dd-trace', 'init.js')],
    env: sinkUrl => ({
      DD_TRACE_AGENT_URL: sinkUrl,
      DD_SERVICE: 'bench',
      DD_TRACE_STARTUP_LOGS: 'false',
      DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
      DD_REMOTE_CONFIGURATION_ENABLED: 'false',
    }),
  },
  {
    name: 'Sentry',
    flags: () => ['--import', join(fixtures, 'company', 'tracers', 'sentry.cjs')],
    env: sinkUrl => ({ COMPANY: companyFolder(), RECEIVER: sinkUrl }),
  },
  {
    name: 'elastic-apm-node',
    flags: () => ['--require', ofCompany('elastic-apm-node', 'start.js')],
    env: sinkUrl => ({
      ELASTIC_APM_SERVER_URL: sinkUrl,
      ELASTIC_APM_SERVICE_NAME: 'bench',
      ELASTIC_APM_CENTRAL_CONFIG: 'false',
      ELASTIC_APM_CLOUD_PROVIDER: 'none',
      ELASTIC_APM_LOG_LEVEL: 'off',
    }),
  },
]

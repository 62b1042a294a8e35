export type { Config, ExportHeaders, QueriesConfig, RouteConfig, SampleConfig } from './config.js'
export { defineConfig } from './config.js'

export type { Config, ExportHeaders, SampleConfig } from './config.js'
export { defineConfig } from './config.js'

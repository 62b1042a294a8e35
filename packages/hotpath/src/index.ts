export type { Config, ExportHeaders, PoolConfig, SampleConfig, ShareConfig } from './config.js'
export { defineConfig } from './config.js'

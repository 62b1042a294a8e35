export type {
  Config,
  ExportHeaders,
  PoolConfig,
  QueriesConfig,
  RouteConfig,
  SampleConfig,
  ShareConfig,
} from './config.js'
export { defineConfig } from './config.js'

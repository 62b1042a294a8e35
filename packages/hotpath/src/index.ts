export type {
  Config,
  ExportHeaders,
  PoolConfig,
  QueriesConfig,
  RouteConfig,
  SampleConfig,
  ShareConfig,
} from './config.js'
export type {
  CacheableRead,
  CachedAnswer,
  PossibleWrite,
  StatementCache,
} from './config/statement-cache.js'
export { defineConfig } from './config.js'

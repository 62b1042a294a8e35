export type {
  Config,
  ExportHeaders,
  PoolConfig,
  QueriesConfig,
  RouteConfig,
  SampleConfig,
  ShareConfig,
} from './config.js'
export type { BudgetConfig } from './config/budgets.js'
export type {
  CdnConfig,
  CdnFields,
  CdnLimits,
  CdnPurger,
  PurgeResult,
  RouteCdnConfig,
} from './config/cdn.js'
export type {
  ConcurrencyConfig,
  CrowdConfig,
  Priority,
  RouteCrowdConfig,
  ServerConfig,
  ShedConfig,
} from './config/crowd.js'
export type { TrustProxy } from './config/trust-proxy.js'
export type {
  CacheableRead,
  CachedAnswer,
  PossibleWrite,
  StatementCache,
} from './config/statement-cache.js'
export type { ResponseCacheConfig, ResponseCacheKey } from './config/response-cache.js'
export { defineConfig } from './config.js'

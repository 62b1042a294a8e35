/**
 * The one table of this package's errors: what happened, and what to do. `{name}` is filled in.
 * Every message reads alone on one line of a terminal.
 */
export const errors = {
  HOTPATH_CONFIG_KEY: '{file}: unknown key "{key}". {hint}',
  HOTPATH_CONFIG_VALUE: '{file}: "{key}" must be {expected}, not {got}.',
  HOTPATH_CONFIG_LOAD: '{file} could not be loaded: {reason}.',
  HOTPATH_ENVIRONMENT: '{key} must be {expected}.',
  HOTPATH_CONFIG_TYPESCRIPT:
    '{file}: this Node ({version}) does not read TypeScript. Use Node 22.18 or later, or rename it to hotpath.config.js and leave out the types.',
  HOTPATH_OTEL_VERSION:
    '{file}: the version of this copy of @opentelemetry/api was not found, so spans made with it do not join the traces. Install @opentelemetry/api beside the app, also when it is bundled.',
  HOTPATH_POOL_QUEUE:
    'All {max} connections of the pool are in use, and {waiting} callers wait already (pool.maxWaiting is {limit}). Answer 503, let fewer requests in, or make statements shorter before the pool larger.',
  HOTPATH_BATCH_ANSWER:
    '{batch} expected an array of rows, an object with rows, or a query with execute(), but got {got}.',
  HOTPATH_BATCH_LENGTH:
    '{batch} expected {expected} values, one for each key and in their order, but got {got}. To align rows with keys by a column, give by("column") or groupBy("column") as the second argument.',
  HOTPATH_BATCH_COLUMN:
    '{batch} aligns rows by "{column}", but a row has {got}. Select the column, or name another.',
  HOTPATH_BATCH_DUPLICATE:
    '{batch} expected at most one row for a key, but got {got} with the same "{column}". Use groupBy("{column}") for all of them, or select one.',
  HOTPATH_BATCH_KEY:
    '{batch} was called with {got}. A key is a value: without by() or groupBy() there is no row for none.',
  HOTPATH_BATCH_OPTION: 'batch: "{option}" must be {expected}, but is {got}.',
  HOTPATH_TEST_DETACHED:
    '{name}: the recorder is not attached here. Run the tests with NODE_OPTIONS="--import hotpath/register", or under \'npx hotpath check -- npm test\'.',
  HOTPATH_TEST_NOTHING:
    '{name}: no statement was seen, so nothing was judged. Seen are statements of pg, in this process, and of its servers when they are asked by HTTP. If pg was loaded past Node (by jest), run the tests with NODE_OPTIONS="--import hotpath/register".',
  HOTPATH_IDENTITY_OPTION: 'jwt: "{option}" must be {expected}, but is {got}.',
  HOTPATH_CACHE_OPTION: 'cache: "{option}" must be {expected}, but is {got}.',
  HOTPATH_CACHE_NAME:
    '{what} would be given the results of the first: with a store they are kept by name. Give each a name of its own, createCache({ name: "shop" }) and cache(fn, { name: "menu" }), once, at start; for keys that are made per request use cache.getOrSet.',
  HOTPATH_CACHE_TIMEOUT:
    'cache "{name}": no result within {timeout} ms (hardTimeout). The computation goes on, and its result is kept. Answer 503, or give an old result longer (grace).',
  HOTPATH_LIMIT_OPTION: 'limit: "{option}" must be {expected}, but is {got}.',
  HOTPATH_LIMIT_NAMESPACE:
    'limit: with a store a "namespace" is needed, such as limit({ namespace: "orders", store, rate }): limits of one name at a store are one.',
  HOTPATH_LIMIT_KEY:
    'limit: a key must be a text that is not empty, but is {got}. Who is not known needs a key as well, such as the address.',
  HOTPATH_LIMIT_COST: 'limit: a cost must be a number from 0 up, but is {got}.',
} as const

export type ErrorCode = keyof typeof errors

/** Something that is wrong with what we were given: a value, not an exception. */
export interface Problem {
  readonly code: ErrorCode
  readonly message: string
}

/** `problem('HOTPATH_CONFIG_LOAD', { file, reason })` */
export function problem(code: ErrorCode, details: Readonly<Record<string, string>>): Problem {
  const message = errors[code].replace(/\{(\w+)\}/g, (_, name: string) => details[name] ?? '')
  return { code, message: message.trim() }
}

/** A problem as an exception, where the app's own code has to be told. */
export class HotpathError extends Error {
  override readonly name = 'HotpathError'
  readonly code: ErrorCode

  constructor(code: ErrorCode | Problem, details: Readonly<Record<string, string>> = {}) {
    const told = typeof code === 'string' ? problem(code, details) : code
    super(told.message)
    this.code = told.code
  }
}

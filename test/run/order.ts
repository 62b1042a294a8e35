/**
 * The files that take longest, longest first: they begin first, so that the lanes end together. `node
 * test/dist/run.js --times` says what belongs here. A file that is missing here, or in the wrong place, costs
 * little: one that takes a minute must not begin last.
 */
export const slowest: readonly string[] = [
  'packages/hotpath/dist-test/invalidation/other-drivers.test.js',
  'packages/hotpath/dist-test/verify-invalidation.test.js',
  'packages/hotpath/dist-test/verify-strict.test.js',
  'packages/console/dist-test/page/page-hours.test.js',
  'test/dist/attached/check.test.js',
  'test/dist/attached/exits.test.js',
  'packages/hotpath/dist-test/limit/attached.test.js',
  'packages/hotpath/dist-test/limit/spellings.test.js',
  'packages/hotpath/dist-test/serve/frameworks.test.js',
  'packages/console/dist-test/page/page-looks.test.js',
  'packages/console/dist-test/cli/commands.test.js',
  'packages/console/dist-test/page/page-live.test.js',
  'packages/console/dist-test/store-duckdb.test.js',
  'packages/console/dist-test/console-restarts.test.js',
  'test/dist/start.test.js',
  'test/dist/console/anyone.test.js',
  'packages/hotpath/dist-test/stacks/orms.test.js',
  'test/dist/attached/batching/orms.test.js',
  'test/dist/attached/batch-prisma.test.js',
]

/** The slowest first, the others in their order after them. */
export function slowestFirst(files: readonly string[]): string[] {
  const place = new Map(slowest.map((file, i) => [file, i]))
  const placeOf = (file: string): number => place.get(file) ?? slowest.length
  return files.toSorted((a, b) => placeOf(a) - placeOf(b))
}

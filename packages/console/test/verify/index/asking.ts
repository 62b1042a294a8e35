import type { Advice } from '../../../dist/advise/advice.js'
import type { AdviseOptions } from '../../../dist/advise/advise.js'

/** Asks for advice on statements that are called ten times each. `database` is of a server that starts later. */
export function asking(
  advise: (options: AdviseOptions) => Promise<Advice>,
  database: () => string,
): (texts: readonly string[], more?: Partial<AdviseOptions>) => Promise<Advice> {
  return (texts, more = {}) =>
    advise({
      database: database(),
      workload: {
        source: 'a test',
        statements: texts.map(text => ({ text, calls: 10, routes: [] })),
      },
      ...more,
    })
}

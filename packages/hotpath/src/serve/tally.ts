import type { CacheCounter, Host } from './host.js'
import type { CachePolicy } from './policy.js'

/** Counts until the next delivery of metrics asks: a counter with attributes costs more than a hit. */
export class Tally {
  private readonly waiting = new Map<string, Map<string, number>>()

  constructor(
    private readonly host: Host,
    private readonly policies: readonly CachePolicy[],
  ) {
    host.beforeCounts(() => this.flush())
  }

  /** @param reason '' where there is none. */
  add(route: string, name: CacheCounter, reason = ''): void {
    let counts = this.waiting.get(route)
    if (counts === undefined) this.waiting.set(route, (counts = new Map<string, number>()))
    const key = reason === '' ? name : `${name} ${reason}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }

  private flush(): void {
    for (const policy of this.policies) {
      if (policy.hits > 0) this.host.count('hits', policy.route, '', policy.hits)
      policy.hits = 0
    }
    for (const [route, counts] of this.waiting)
      for (const [key, n] of counts) {
        const [name = '', reason = ''] = key.split(' ')
        this.host.count(name as CacheCounter, route, reason, n)
      }
    this.waiting.clear()
  }
}

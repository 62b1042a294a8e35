import type { Places } from '../concurrency/places.js'
import type { Host } from './host.js'

/** What is counted; it leaves as `hotpath.NAME`. */
export type CrowdCounter =
  | 'concurrency.refused'
  | 'concurrency.queued'
  | 'concurrency.shadow.refused'
  | 'shed.refused'
  | 'shed.shadow.refused'
  | 'body.refused'

/** The route that something is counted for: one object for each. */
export interface Label {
  readonly method: string
  readonly template: string | undefined
}

/** Counts until the next delivery of metrics asks: a storm must not be counted by name each time. */
export class CrowdTally {
  readonly #waiting = new Map<Label, Map<string, number>>()

  constructor(private readonly host: Host) {
    host.beforeCounts(() => this.#flush())
  }

  /** @param reason '' where there is none. */
  add(name: CrowdCounter, of: Label, reason = ''): void {
    let counts = this.#waiting.get(of)
    if (counts === undefined) this.#waiting.set(of, (counts = new Map<string, number>()))
    const key = reason === '' ? name : `${name} ${reason}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }

  /** Shows limit, those under way and those who wait, by the name of the policy. */
  watch(name: string, places: Places): void {
    const gauge = (of: string, value: number) => ({
      name: `hotpath.concurrency.${of}`,
      unit: '{request}',
      kind: 'level' as const,
      attributes: { 'hotpath.policy': name },
      value,
    })
    this.host.gauges(() => [
      gauge('limit', places.limit),
      gauge('in_flight', places.inFlight),
      gauge('waiting', places.waiting),
    ])
  }

  #flush(): void {
    for (const [{ method, template = '' }, counts] of this.#waiting)
      for (const [key, n] of counts) {
        const [name = '', reason = ''] = key.split(' ')
        this.host.countAs(`hotpath.${name}`, `${method} ${template}`, reason, n)
      }
    this.#waiting.clear()
  }
}

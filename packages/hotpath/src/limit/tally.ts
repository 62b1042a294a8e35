import { createHmac, randomBytes } from 'node:crypto'
import type { Reason } from './decision.js'
import type { LimitCounter, LimitHost } from './host.js'

/** Clients of a route whose refusals are counted one by one; of more, the fewest give way. */
const WATCHED = 100
/** Of these so many are told of with each delivery. */
const TOLD = 10

/** Lives and dies with the process: nobody can try keys against what leaves it. */
const SECRET = randomBytes(32)
const hashOf = (key: string): string =>
  createHmac('sha256', SECRET).update(key).digest('hex').slice(0, 12)

/** What one route's policies did since the last delivery: numbers here cost a request less than counters by name. */
export class LimitTally {
  allowed = 0
  alone = 0
  private delayed = 0
  private told = 0
  private delayMs = 0
  private readonly refused = new Map<string, number>()
  /** Refusals of clients: Metwally, Agrawal and El Abbadi's "space saving" over `WATCHED` counters. */
  private readonly clients = new Map<string, number>()

  constructor(
    private readonly host: LimitHost,
    private readonly route: string,
    /** Since the start. */
    private readonly forgotten: () => number,
  ) {
    host.beforeCounts(() => this.flush())
  }

  refuse(reason: Reason, key: string, shadow: boolean): void {
    const name = `${shadow ? 'shadow.refused' : 'refused'} ${reason}`
    this.refused.set(name, (this.refused.get(name) ?? 0) + 1)
    const known = this.clients.get(key)
    if (known !== undefined || this.clients.size < WATCHED) {
      this.clients.set(key, (known ?? 0) + 1)
      return
    }
    let [fewest, least] = ['', Number.POSITIVE_INFINITY]
    for (const [client, n] of this.clients) if (n < least) [fewest, least] = [client, n]
    this.clients.delete(fewest)
    this.clients.set(key, least + 1)
  }

  delay(ms: number): void {
    this.delayed++
    this.delayMs += ms
  }

  private flush(): void {
    const { allowed, alone, delayed, delayMs } = this
    const delayUs = Math.round(1000 * delayMs)
    const all = this.forgotten()
    const forgotten = all - this.told
    this.told = all
    this.allowed = this.alone = this.delayed = this.delayMs = 0
    const counts = { allowed, alone, delayed, delay_us: delayUs, forgotten }
    for (const [name, n] of Object.entries(counts))
      if (n > 0) this.host.count(name as LimitCounter, this.route, {}, n)
    for (const [key, n] of this.refused) {
      const [name, reason = ''] = key.split(' ')
      this.host.count(name as LimitCounter, this.route, { reason }, n)
    }
    this.refused.clear()
    const top = [...this.clients].sort((a, b) => b[1] - a[1]).slice(0, TOLD)
    for (const [client, n] of top)
      this.host.count('key.refused', this.route, { key: hashOf(client) }, n)
    this.clients.clear()
  }
}

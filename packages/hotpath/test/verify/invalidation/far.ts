import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type pg from 'pg'

/** How late a process heard of what another had committed. */
export interface Lateness {
  readonly writes: number
  /** Reads that the other answered from its cache. */
  readonly hits: number
  /** Writes that it never heard of. */
  readonly unheard: number
  readonly medianMs: number
  readonly p999Ms: number
  readonly mostMs: number
}

/** So long a write may be unheard until it is given up. */
const GIVEN_UP_MS = 5_000

/**
 * A second process reads one row through a cache without a pause, while this one writes it: from the
 * moment that COMMIT was acknowledged here to the first answer there that is as new. Both clocks are one.
 *
 * @param deaf The defect: it does not listen.
 */
export async function lateness(
  pool: pg.Pool,
  url: string,
  redisPort: number,
  writes: number,
  deaf = false,
): Promise<Lateness> {
  await pool.query('create table if not exists far (id int primary key, n int)')
  await pool.query('insert into far values (1, 0) on conflict (id) do update set n = 0')
  const reader = fileURLToPath(new URL('./reader.js', import.meta.url))
  const address = new URL(url)
  address.searchParams.set('options', '-c search_path=shop')
  const child = fork(reader, [address.href, String(redisPort), deaf ? 'deaf' : ''])
  const far = new Far(child)
  const late: number[] = []
  let unheard = 0
  try {
    await far.sees(0)
    for (let n = 1; n <= writes && unheard < 3; n++) {
      await pool.query('update far set n = $1 where id = 1', [n])
      const ackNs = process.hrtime.bigint()
      const seenNs = await far.sees(n)
      if (seenNs === undefined) unheard++
      else late.push(Math.max(0, Number(seenNs - ackNs) / 1e6))
    }
  } finally {
    const ended = once(child, 'exit')
    child.send('over')
    await ended
  }
  late.sort((a, b) => a - b)
  const at = (share: number) =>
    late[Math.min(late.length - 1, Math.floor(late.length * share))] ?? -1
  return {
    writes: late.length,
    hits: far.hits,
    unheard,
    medianMs: at(0.5),
    p999Ms: at(0.999),
    mostMs: at(1),
  }
}

class Far {
  hits = 0
  private last = -1
  private atNs = 0n
  private wake: () => void = () => {}

  constructor(child: ChildProcess) {
    child.on('message', message => {
      const { n, atNs, hits } = message as { n?: number; atNs?: string; hits?: number }
      if (hits !== undefined) this.hits = hits
      if (n === undefined || n < this.last) return
      this.last = n
      this.atNs = BigInt(atNs ?? 0)
      this.wake()
    })
  }

  /** When it has seen `n`; undefined: it has not, for too long. */
  async sees(n: number): Promise<bigint | undefined> {
    const deadlineMs = Date.now() + GIVEN_UP_MS
    while (this.last < n && Date.now() < deadlineMs) {
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, 100)
        this.wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    return this.last >= n ? this.atNs : undefined
  }
}

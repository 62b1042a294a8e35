import type { DuckDBConnection } from '@duckdb/node-api'
import type { Delivery } from '../../model.js'
import { emptySequence, missing, take, type Sequence } from '../sequence.js'
import type { DeliveryState, Window } from '../store.js'
import { columns } from './database.js'
import type { Dictionary } from './dictionary.js'
import { windowParameters } from './window.js'

interface Entry {
  readonly sequence: Sequence
  readonly firstNs: bigint
  readonly lastNs: bigint
}

/** Which deliveries have been written, in memory and in the file: both change in one transaction. */
export class Ledger {
  readonly #connection: DuckDBConnection
  readonly #entries = new Map<number, Entry>()
  /** Of those, what the file has. */
  #committed = new Map<number, Entry>()
  readonly #changed = new Set<number>()

  constructor(connection: DuckDBConnection) {
    this.#connection = connection
  }

  /** Reads what the file has; to be called again after a rollback or a prune. */
  async load(): Promise<void> {
    this.#entries.clear()
    this.#changed.clear()
    const [source = [], received, last, gaps, first, latest] = await columns(
      this.#connection,
      'select source, received, last_sequence, gaps, first_ns, last_ns from deliveries',
    )
    for (const [i, id] of source.entries())
      this.#entries.set(Number(id), {
        sequence: {
          received: Number(received?.[i]),
          last: Number(last?.[i]),
          gaps: JSON.parse(String(gaps?.[i])) as Sequence['gaps'],
        },
        firstNs: first?.[i] as bigint,
        lastNs: latest?.[i] as bigint,
      })
    this.#committed = new Map(this.#entries)
  }

  /** Deliveries of the processes that were heard of in the window. */
  states(window: Window, dictionary: Dictionary): DeliveryState[] {
    const { since, until } = windowParameters(window)
    return dictionary.sources(window.service).flatMap(({ id, service, instance }) => {
      const entry = this.#committed.get(id)
      if (entry === undefined || entry.lastNs <= since || entry.firstNs > until) return []
      const { received, last, gaps } = entry.sequence
      return {
        service,
        instance,
        received,
        lastSequence: last,
        missing: missing({ received, last, gaps }),
      }
    })
  }

  /** False when this delivery was written before. */
  take(delivery: Delivery, timeNs: bigint, dictionary: Dictionary): boolean {
    const source = dictionary.source(delivery.service, delivery.instance)
    const before = this.#entries.get(source)
    const sequence = take(before?.sequence ?? emptySequence, delivery.sequence)
    if (sequence === null) return false
    this.#entries.set(source, {
      sequence,
      firstNs: before !== undefined && before.firstNs < timeNs ? before.firstNs : timeNs,
      lastNs: before !== undefined && before.lastNs > timeNs ? before.lastNs : timeNs,
    })
    this.#changed.add(source)
    return true
  }

  /** Writes what changed, inside the caller's transaction. */
  async save(): Promise<void> {
    for (const source of this.#changed) {
      const entry = this.#entries.get(source)
      if (entry === undefined) continue
      const { received, last, gaps } = entry.sequence
      await this.#connection.run('delete from deliveries where source = $1', [source])
      await this.#connection.run('insert into deliveries values ($1, $2, $3, $4, $5, $6)', [
        source,
        BigInt(received),
        BigInt(last),
        JSON.stringify(gaps),
        entry.firstNs,
        entry.lastNs,
      ])
    }
  }

  /** To be told that what was saved is committed. */
  committed(): void {
    for (const source of this.#changed) {
      const entry = this.#entries.get(source)
      if (entry !== undefined) this.#committed.set(source, entry)
    }
    this.#changed.clear()
  }
}

import type { Tags } from '../../cache/tags.js'
import { type ListeningClient, OUTSIDE_CHANNEL } from '../../config/outside.js'
import type { Host } from '../host.js'
import type { Facts, RelationFacts } from './facts.js'
import type { Known } from './knowledge.js'
import { TagNames } from './names.js'

/** The app may replace the global timers; ours must be real. */
const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis

/** So often it is asked whether the connection still lives, and tried again when it does not. */
const BEAT_MS = 1_000
/** A connection that does not answer for so long is dead. */
const SILENT_MS = 2_000

const IDENTITY = `select (select system_identifier::text from pg_catalog.pg_control_system())
  || '/' || (select oid::text from pg_catalog.pg_database where datname = pg_catalog.current_database()) as id`

/**
 * Hears of writes that this driver did not make, from triggers that the app has opted in to: one
 * connection that listens. As long as it does not hear, nothing that is kept stays good for longer than a
 * beat.
 */
export class Outside {
  private client: ListeningClient | undefined
  private names: TagNames | undefined
  private busy = false
  /** True as long as nothing was said of its not hearing. */
  private hears = true
  private readonly timer: NodeJS.Timeout

  /** @param known What is known of a database, by its id. */
  constructor(
    private readonly make: () => ListeningClient | Promise<ListeningClient>,
    private readonly known: (id: string) => Known | undefined,
    private readonly tags: Tags,
    private readonly host: Host,
  ) {
    this.tags.deaf.add(this)
    this.timer = setInterval(() => void this.beat(), BEAT_MS)
    this.timer.unref()
    void this.beat()
  }

  stop(): void {
    clearInterval(this.timer)
    this.lose()
  }

  private async beat(): Promise<void> {
    if (this.busy) return
    this.busy = true
    try {
      if (this.client === undefined) await this.host.untraced(() => this.connect())
      else await within(this.client.query('select 1'), SILENT_MS)
    } catch (error) {
      this.host.caught('query.outside')
      this.complain(error)
      this.lose()
    } finally {
      this.busy = false
    }
    // CDNs dropped all when it was lost, and were given nothing since.
    if (this.client === undefined) this.tags.bumpAll(undefined, true)
  }

  /** Once for each time that it stops hearing. */
  private complain(error: unknown): void {
    if (!this.hears) return
    this.hears = false
    const { code, message } = error as { code?: unknown; message?: unknown }
    this.host.say(
      `invalidation.listen does not hear (${String(code ?? message).slice(0, 100)}): until it does, what is kept lives for a second at most. It is tried again each second.`,
    )
  }

  private async connect(): Promise<void> {
    const client = await this.make()
    if (typeof client?.connect !== 'function' || typeof client.query !== 'function')
      throw new Error('it must give a client of pg, such as new pg.Client(url)')
    client.on('error', () => this.lose(client))
    client.on('end', () => this.lose(client))
    client.on('notification', ({ payload = '' }: { payload?: string }) => this.hear(payload))
    try {
      await within(client.connect(), SILENT_MS)
      // The app ends when its own work is over.
      client.unref?.()
      const { rows } = await within(client.query(IDENTITY), SILENT_MS)
      this.names = new TagNames((rows[0] as { id: string }).id)
      await within(client.query(`listen ${OUTSIDE_CHANNEL}`), SILENT_MS)
    } catch (error) {
      client.end().catch(() => {})
      throw error
    }
    this.client = client
    this.hears = true
    // What was written before it listened.
    this.tags.bumpAll()
    this.tags.deaf.delete(this)
  }

  private lose(client = this.client): void {
    if (client === undefined || client !== this.client) return
    this.client = undefined
    this.tags.deaf.add(this)
    this.tags.bumpAll()
    client.end().catch(() => {})
  }

  private hear(label: string): void {
    const { names } = this
    if (names === undefined) return
    const facts = this.known(names.database.slice('pg:'.length))?.verdicts.facts
    const relation = facts && labelled(facts, label)
    if (facts === undefined || relation === undefined) this.tags.bump(names.all)
    else {
      const tables = [...around(facts, relation)].map(one => one.label)
      const write = { all: false, ddl: false, tables, rows: undefined }
      this.tags.bump(names.ofWrite(write, () => undefined))
    }
  }
}

function labelled(facts: Facts, label: string): RelationFacts | undefined {
  for (const relation of facts.relations.values()) if (relation.label === label) return relation
  return undefined
}

/** A statement on a table fires the triggers of that table alone, and writes below it as well. */
function around(facts: Facts, relation: RelationFacts): Set<RelationFacts> {
  const found = new Set([relation])
  const add = (oids: readonly string[]) => {
    for (const oid of oids) {
      const one = facts.relations.get(oid)
      if (one !== undefined) found.add(one)
    }
  }
  // A Set is walked to what is added while it is walked.
  for (const one of found) {
    add(one.children)
    add(one.parents)
  }
  return found
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the database took too long')), ms)
    timer.unref()
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

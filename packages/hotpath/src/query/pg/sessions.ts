import { Catalog } from '../catalog.js'
import { Session, sessionChanges } from '../session.js'
import { type Client, databaseOf } from './client.js'

/** At the client itself, where it is not seen: asked for with each statement, a WeakMap would cost 50 ns. */
const SESSION = Symbol('hotpath.session')
type Known = Client & { readonly [SESSION]?: Session }

/** Databases, and setups of sessions, that are told apart. */
const MAX_CATALOGS = 200

/** What all clients of a pool had in common when they were this many, after so many changes. */
interface Common {
  readonly clients: number
  readonly changes: number
  readonly session: Session | undefined
}

/** The connections of this process, and what is known of the databases behind them. */
export class Sessions {
  /** Is told of each connection that is new. */
  watcher: ((client: Client, session: Session) => void) | undefined
  private readonly clients = new WeakMap<object, Client>()
  private readonly catalogs = new Map<string, Catalog>()
  /** By a pool's list of clients, which it adds to, and replaces when one goes. */
  private readonly commons = new WeakMap<readonly Client[], Common>()

  of(client: Client): Session {
    const known = (client as Known)[SESSION]
    if (known !== undefined) {
      if (known.status === '' && typeof client._txStatus === 'string') {
        known.stands(client._txStatus)
      }
      return known
    }
    const session = new Session(databaseOf(client))
    if (typeof client._txStatus === 'string') session.stands(client._txStatus)
    Object.defineProperty(client, SESSION, { value: session })
    this.watch(client, session)
    return session
  }

  /** The client whose connection this is. */
  clientOf(connection: object): Client | undefined {
    return this.clients.get(connection)
  }

  catalog(session: Session): Catalog {
    const { key } = session
    let catalog = this.catalogs.get(key)
    if (catalog === undefined) {
      if (this.catalogs.size >= MAX_CATALOGS) this.catalogs.clear()
      catalog = new Catalog()
      this.catalogs.set(key, catalog)
    }
    return catalog
  }

  /** Whether functions that this session called have changed it, where its catalog knows. */
  judge(session: Session, nowMs: number): void {
    const catalog = this.catalogs.get(session.key)
    if (catalog?.knowsFunctions(nowMs) === true) session.judge(catalog)
  }

  /** Somebody changed a table, a type or a function: anywhere, for all we know. */
  forget(): void {
    for (const catalog of this.catalogs.values()) catalog.forget()
  }

  /**
   * What all connections of a pool have in common; undefined when there is none yet, or when they
   * differ: then a call may mean one thing or another, and only the one that gets it knows.
   */
  common(clients: readonly Client[] | undefined): Session | undefined {
    if (clients === undefined) return undefined
    const known = this.commons.get(clients)
    if (known?.clients === clients.length && known.changes === sessionChanges())
      return known.session
    const session = this.compared(clients)
    this.commons.set(clients, { clients: clients.length, changes: sessionChanges(), session })
    return session
  }

  private compared(clients: readonly Client[]): Session | undefined {
    let first: Session | undefined
    for (const client of clients) {
      const session = this.of(client)
      if (session.tainted || session.unjudged || client.pipeline || client.binary) return undefined
      first ??= session
      if (session.key !== first.key) return undefined
    }
    return first
  }

  private watch(client: Client, session: Session): void {
    const { connection } = client
    if (connection === undefined) return
    this.clients.set(connection, client)
    // Before pg's own listener, which sends what comes next.
    connection.prependListener('readyForQuery', ((message: { status?: unknown }) => {
      if (typeof message?.status === 'string') session.stands(message.status)
    }) as (message: never) => void)
    this.watcher?.(client, session)
  }
}

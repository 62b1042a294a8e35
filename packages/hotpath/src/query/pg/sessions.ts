import { Catalog } from '../catalog.js'
import { Session } from '../session.js'
import { type Client, databaseOf } from './client.js'

/** At the client itself, where it is not seen: asked for with each statement, a WeakMap would cost 50 ns. */
const SESSION = Symbol('hotpath.session')
type Known = Client & { readonly [SESSION]?: Session }

/** Databases, and setups of sessions, that are told apart. */
const MAX_CATALOGS = 200

/** The connections of this process, and what is known of the databases behind them. */
export class Sessions {
  private readonly clients = new WeakMap<object, Client>()
  private readonly catalogs = new Map<string, Catalog>()

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

  /** Somebody changed a table, a type or a function: anywhere, for all we know. */
  forget(): void {
    for (const catalog of this.catalogs.values()) catalog.forget()
  }

  /**
   * What all connections of a pool have in common; undefined when there is none yet, or when they
   * differ: then a call may mean one thing or another, and only the one that gets it knows.
   */
  common(clients: readonly Client[] | undefined): Session | undefined {
    let first: Session | undefined
    for (const client of clients ?? []) {
      const session = this.of(client)
      if (session.tainted || client.pipeline || client.binary) return undefined
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
  }
}

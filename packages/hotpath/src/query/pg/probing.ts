import type { Catalog, Described } from '../catalog.js'
import type { Reading } from '../../sql/reading.js'
import type { Session } from '../session.js'
import type { Shape } from '../shape.js'
import { arrayLiteral } from '../../sql/array-literal.js'
import { CATALOG_TEXT } from '../catalog.js'
import { queueOf, replaceActive } from './client.js'
import { Exchange, RELEASE, SAVEPOINT, type Step } from './exchange.js'
import type { Turn } from './sender.js'

/**
 * Asks the server what a statement takes and gives, and the catalog whether anything that it reads or
 * calls is volatile: one round trip, in the session that will run the batch. In a transaction below a
 * savepoint, since a statement that cannot be described would end it. Then it is the query's turn again.
 */
export function probe(turn: Turn, reading: Reading): true {
  turn.call.probed = true
  const first = turn.session.status === 'T' ? SAVEPOINT.length : 0
  return ask(turn, probeSteps(turn.shape, reading), exchange =>
    learnFrom(turn, reading, exchange, first),
  )
}

export function probeSteps(shape: Shape, reading: Reading): Step[] {
  return [
    { text: shape.text, describe: 'statement' },
    { text: CATALOG_TEXT, values: [arrayLiteral(reading.relations)] },
  ]
}

/**
 * Takes what a probe brought; undefined: it failed.
 *
 * @param first Where its steps begin among those of the exchange.
 */
export function learnFrom(
  { shape, session, catalog, parts }: Turn,
  reading: Reading,
  exchange: Exchange | undefined,
  first: number,
): void {
  const now = parts.host.now()
  if (exchange === undefined) {
    catalog.refuse(shape.text, 'could not be described', now)
    return
  }
  const { oids = [], fields = [] } = exchange.results[first] ?? {}
  const rows = exchange.results[first + 1]?.rows ?? []
  const told = { oids, fields, rows }
  note(catalog.learn(shape.text, reading, told, parts.parse, now), session, catalog)
  // Asked where a function had set another search path: it may have told of another table.
  if (session.judge(catalog, shape.effect.calls)) catalog.drop(shape.text)
}

/**
 * Asks again what is known for a while, behind a query that was answered and before anything else is
 * sent: a page that is asked for twice a minute never waits for the catalog. Outside of transactions
 * alone. What fails is left as it was known, and asked for when it is too old.
 */
export function renew(turn: Turn, reading: Reading, described: Described): void {
  const { session, catalog, client, shape, parts } = turn
  const queue = queueOf(client)
  if (session.status !== 'I' || !session.settled || queue.length > 0) return
  if (!catalog.startsRenewal(described, parts.host.now())) return
  const take = (exchange: Exchange) => {
    if (exchange.failure !== undefined || exchange.tooMuch) return
    try {
      learnFrom(turn, reading, exchange, 0)
    } catch {
      parts.host.caught('query.probe')
    }
  }
  queue.push(new Exchange(probeSteps(shape, reading), take, nothing))
}

/** Asks only how the transaction is isolated, where all else is known. */
export function askIsolation(turn: Turn): true {
  const { session, catalog } = turn
  const text = "select pg_catalog.current_setting('transaction_isolation')"
  return ask(turn, [{ text }], exchange => {
    const first = session.status === 'T' ? SAVEPOINT.length : 0
    const isolation = exchange?.results[first]?.rows[0]?.[0]
    note(typeof isolation === 'string' ? isolation : 'unknown', session, catalog)
  })
}

/** '' when it must be asked for. */
export function isolationOf(session: Session, catalog: Catalog): string {
  return session.status === 'T' ? session.isolation : catalog.isolation
}

/** Of the transaction that is open; outside of one every statement has the session's default. */
function note(isolation: string, session: Session, catalog: Catalog): void {
  if (session.status === 'T') session.isolation = isolation
  else catalog.isolation = isolation
}

/** @param take What came, or undefined when it failed. */
function ask(turn: Turn, steps: Step[], take: (exchange: Exchange | undefined) => void): true {
  const { query, client, session, parts } = turn
  const open = session.status === 'T'
  const all = open ? [...SAVEPOINT, ...steps, ...RELEASE] : steps
  const exchange = new Exchange(
    all,
    done => {
      try {
        take(done.failure === undefined && !done.tooMuch ? done : undefined)
      } catch {
        parts.host.caught('query.probe')
      }
      again(turn, open && done.failure !== undefined)
    },
    error => query.handleError(error, client.connection as object),
  )
  replaceActive(client, exchange)
  return true
}

const nothing = (): void => {}

/** Puts the query in front of its client's queue once more; first the savepoint is left, if one is open. */
export function again(turn: Turn, leave: boolean): void {
  const { query, client } = turn
  const queue = queueOf(client)
  queue.unshift(query)
  if (!leave) return
  // Where the connection is lost instead, the client tells its whole queue, the query among it.
  queue.unshift(new Exchange(RELEASE, nothing, nothing))
}

import type { ExponentialHistogram } from '../trace/histogram.js'
import { newSeries } from '../trace/series.js'
import type { DatabaseNames } from './shapes.js'

/** What is measured of the pools of one database, in seconds. */
export class PoolFigures {
  /** From asking for a connection to having it. */
  readonly wait: ExponentialHistogram
  /** From having it to giving it back. */
  readonly use: ExponentialHistogram
  readonly create: ExponentialHistogram
  /** Of connections that were closed. */
  readonly age: ExponentialHistogram

  constructor(readonly name: string) {
    const attributes = { 'db.client.connection.pool.name': name }
    this.wait = newSeries('db.client.connection.wait_time', attributes)
    this.use = newSeries('db.client.connection.use_time', attributes)
    this.create = newSeries('db.client.connection.create_time', attributes)
    this.age = newSeries('hotpath.pool.age', attributes)
  }
}

/** An app has a few databases; one for each tenant must not make us hold them all. */
const MAX_NAMES = 64
const figures = new Map<string, PoolFigures>()

/** The figures of a database: the same for all pools that connect to it. */
export function figuresOf(database: DatabaseNames | undefined): PoolFigures {
  const named = nameOf(database)
  const name = figures.size < MAX_NAMES || figures.has(named) ? named : 'others'
  let found = figures.get(name)
  if (found === undefined) {
    found = new PoolFigures(name)
    figures.set(name, found)
  }
  return found
}

/** `db.example.com:5432/shop`, as the convention names a pool that has no name. */
export function nameOf(database: DatabaseNames | undefined): string {
  const { host, port, database: name } = database ?? {}
  if (typeof host !== 'string') return 'database'
  return `${host}:${String(port)}/${String(name)}`
}

import { Client } from 'pg'
import { runHotpath } from './cli.js'
import type { Addresses } from './shop.js'

/** Where the tables are that advice is about: `db.ts` of the shop says the same to its pool. */
const searchPath = '-c search_path=coffee_shop'

/**
 * A copy of a database, in which indexes may be tried: the embedded PostgreSQL has no hypopg. Made before the shop
 * connects, since a database that has sessions is no template. It goes with the server.
 */
export async function copyDatabase(databaseUrl: string): Promise<string> {
  const original = new URL(databaseUrl).pathname.slice(1)
  const copy = `${original}_advice`
  const client = new Client({ connectionString: named(databaseUrl, 'template1') })
  await client.connect()
  try {
    await client.query(`create database "${copy}" template "${original}"`)
  } finally {
    await client.end()
  }
  return named(databaseUrl, copy)
}

/** Which indexes the shop lacks for what it was just asked, and which it does not. */
export async function showIndexAdvice(
  addresses: Addresses,
  databaseUrl: string,
  copyUrl: string | undefined,
): Promise<void> {
  process.stderr.write('\n')
  await runHotpath(indexCommand(addresses, databaseUrl, copyUrl))
}

/** `hotpath index` for the shop's database. */
export function indexCommand(
  addresses: Addresses,
  databaseUrl: string,
  copyUrl: string | undefined,
): string[] {
  const copy = copyUrl === undefined ? [] : ['--copy', withSearchPath(copyUrl)]
  return ['index', '--url', addresses.console, '--database', withSearchPath(databaseUrl), ...copy]
}

function named(databaseUrl: string, database: string): string {
  const url = new URL(databaseUrl)
  url.pathname = `/${database}`
  return url.href
}

function withSearchPath(databaseUrl: string): string {
  const url = new URL(databaseUrl)
  url.searchParams.set('options', searchPath)
  return url.href
}

import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { gatePg } from '../../dist/gate/pg.js'
import { useQueries } from '../../dist/gate/pg-queries.js'
import { type Postgres, startPostgres } from '../postgres.js'
import { SCHEMA, serveTenants } from './tenants.js'

describe('sessions that functions of the app set, with a cache of its own', () => {
  let postgres: Postgres
  before(async () => {
    postgres = await startPostgres()
    gatePg()
    const kept = new Map<string, unknown>()
    const cache = {
      ask: ({ key }: { key: string }) => kept.get(key),
      tell: ({ key }: { key: string }, answer: unknown) => void kept.set(key, answer),
      wrote: () => {},
    }
    await useQueries({ queries: { cache: cache as never } }, process.cwd())
    const admin = new pg.Client(postgres.url)
    await admin.connect()
    await admin.query(SCHEMA)
    await admin.end()
  })
  after(() => postgres?.stop())

  for (const max of [1, 3])
    test(`tenants get their own rows: ${max} connections`, () =>
      serveTenants(postgres.url, 'use_tenant', max))
})

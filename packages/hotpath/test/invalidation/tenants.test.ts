import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { compute } from '../../dist/cache/computation.js'
import { gatePg } from '../../dist/gate/pg.js'
import { useQueries } from '../../dist/gate/pg-queries.js'
import { type Postgres, startPostgres } from '../postgres.js'
import { SCHEMA, serveTenants } from './tenants.js'

describe('sessions that functions of the app set, where queries are observed', () => {
  let postgres: Postgres
  before(async () => {
    postgres = await startPostgres()
    gatePg()
    await useQueries(
      { queries: { observe: true, cache: { tables: ['items'], ttl: '10m' } } },
      process.cwd(),
    )
    const admin = new pg.Client(postgres.url)
    await admin.connect()
    await admin.query(SCHEMA)
    await admin.end()
  })
  after(() => postgres?.stop())

  for (const enter of ['use_tenant', 'enter'])
    for (const max of [1, 3])
      test(`tenants get their own rows: ${enter}(), ${max} connections`, () =>
        serveTenants(postgres.url, enter, max))

  const objectionAfter = async (call: string) => {
    const client = new pg.Client(postgres.url)
    await client.connect()
    await client.query(call)
    const objection = await compute(async own => {
      await client.query('select n from public.numbers')
      return own.objection
    })
    await client.end()
    return objection
  }

  test('what a session reads after such a function is not kept', async () => {
    assert.match(await objectionAfter("select public.enter('ta')"), /settings/)
  })

  test('what it reads after any other is', async () => {
    assert.equal(await objectionAfter('select public.next_number()'), '')
  })
})

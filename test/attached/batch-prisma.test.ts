import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { batch, batchScope, by, groupBy } from 'hotpath/batch'
import { type Postgres, startPostgresWith } from '../postgres.js'
import { PostgresProxy } from '../processes/postgres-proxy.js'
import { prismaFolder } from '../run/company.js'

interface User {
  readonly id: number
  readonly name: string
}
interface Address {
  readonly userId: number
  readonly street: string
}
interface Table<Row> {
  findMany(query: object): PromiseLike<Row[]>
}
interface Client {
  readonly user: Table<User>
  readonly address: Table<Address>
  $disconnect(): Promise<void>
}

const USERS = 50
const ids = Array.from({ length: USERS }, (_, i) => i + 1)

describe('batch, with Prisma and its adapter for pg', () => {
  let postgres: Postgres
  let proxy: PostgresProxy
  let prisma: Client
  before(async () => {
    postgres = await startPostgresWith(`
      create table users (id int primary key, name text);
      create table addresses (id serial primary key, user_id int, street text);
      insert into users select g, 'u' || g from generate_series(1, ${USERS}) g where g <> 7;
      insert into addresses (user_id, street)
        select g, 's' || g || ' ' || n from generate_series(1, ${USERS}) g, generate_series(1, 2) n where g <> 7 order by g, n`)
    proxy = await PostgresProxy.start({ port: Number(new URL(postgres.url).port) })
    const load = createRequire(join(prismaFolder(), 'package.json'))
    const { PrismaPg } = load('@prisma/adapter-pg') as { PrismaPg: new (options: object) => object }
    const { PrismaClient } = load('./generated') as {
      PrismaClient: new (options: object) => Client
    }
    const adapter = new PrismaPg({ connectionString: proxy.url(postgres.url) })
    prisma = new PrismaClient({ adapter })
    await prisma.user.findMany({ take: 1 })
    proxy.reset()
  })
  after(async () => {
    await prisma?.$disconnect()
    await proxy?.[Symbol.asyncDispose]()
    await postgres?.stop()
  })

  test('fifty callers of findMany are one statement, each gets the row of its key', async () => {
    const userOf = batch(
      (keys: number[]) => prisma.user.findMany({ where: { id: { in: keys } } }),
      by('id'),
    )
    const users = await batchScope(() => Promise.all(ids.map(id => userOf(id))))
    assert.deepEqual(
      users.map(user => user?.name),
      ids.map(id => (id === 7 ? undefined : `u${id}`)),
    )
    assert.equal(proxy.texts.length, 1, proxy.texts.join('\n'))
  })

  test('by a field that Prisma names otherwise than the column, all rows of each key', async () => {
    proxy.reset()
    const addressesOf = batch(
      (keys: number[]) =>
        prisma.address.findMany({ where: { userId: { in: keys } }, orderBy: { id: 'asc' } }),
      groupBy('userId'),
    )
    const lists = await batchScope(() => addressesOf.many(ids))
    assert.deepEqual(
      lists.map(list => list.map(({ street }) => street)),
      ids.map(id => (id === 7 ? [] : [`s${id} 1`, `s${id} 2`])),
    )
    assert.equal(proxy.texts.length, 1, proxy.texts.join('\n'))
  })
})

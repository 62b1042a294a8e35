'use strict'
/** What runs on pg and on mysql2, each with a pool of three. The name of a column says whose statement it is. */
const { createRequire } = require('node:module')

const URLS = { pg: process.env.PG_URL, mysql: process.env.MYSQL_URL }
const SECRET = 'planted'

const makers = {
  knex(load, on) {
    const client = on === 'pg' ? 'pg' : 'mysql2'
    const db = load('knex')({ client, connection: URLS[on], pool: { min: 0, max: 3 } })
    const one = column =>
      db('items')
        .select({ [column]: 'id' })
        .where({ name: SECRET })
    return {
      ask: one,
      async stream(column) {
        const rows = []
        for await (const row of one(column).stream()) rows.push(row)
      },
      transaction: column => db.transaction(inner => one(column).transacting(inner)),
      end: () => db.destroy(),
    }
  },
  kysely(load, on) {
    const { Kysely, MysqlDialect, PostgresDialect } = load('kysely')
    const pool =
      on === 'pg'
        ? new (load('pg').Pool)({ connectionString: URLS.pg, max: 3 })
        : load('mysql2').createPool({ uri: URLS.mysql, connectionLimit: 3 })
    const db = new Kysely({ dialect: new (on === 'pg' ? PostgresDialect : MysqlDialect)({ pool }) })
    const one = column =>
      db.selectFrom('items').select(`id as ${column}`).where('name', '=', SECRET)
    return {
      ask: column => one(column).execute(),
      ...(on === 'mysql' && {
        async stream(column) {
          const rows = []
          for await (const row of one(column).stream()) rows.push(row)
        },
      }),
      transaction: column =>
        db
          .transaction()
          .execute(inner =>
            inner
              .selectFrom('items')
              .select(`id as ${column}`)
              .where('name', '=', SECRET)
              .execute(),
          ),
      end: () => db.destroy(),
    }
  },
  'drizzle-orm'(load, on) {
    const { sql } = load('drizzle-orm')
    const { drizzle } = load(on === 'pg' ? 'drizzle-orm/node-postgres' : 'drizzle-orm/mysql2')
    const pool =
      on === 'pg'
        ? new (load('pg').Pool)({ connectionString: URLS.pg, max: 3 })
        : load('mysql2/promise').createPool({ uri: URLS.mysql, connectionLimit: 3 })
    const db = drizzle(pool)
    const one = (column, on = db) =>
      on
        .select({ x: sql`id`.as(column) })
        .from(sql`items`)
        .where(sql`name = ${SECRET}`)
    return {
      ask: one,
      transaction: column => db.transaction(inner => one(column, inner)),
      end: () => pool.end(),
    }
  },
  async typeorm(load, on) {
    load('reflect-metadata')
    const { DataSource } = load('typeorm')
    const type = on === 'pg' ? 'postgres' : 'mysql'
    const extra = on === 'pg' ? { max: 3 } : { connectionLimit: 3 }
    const db = await new DataSource({ type, url: URLS[on], extra }).initialize()
    const one = (column, on = db) =>
      on
        .createQueryBuilder()
        .select('id', column)
        .from('items', 'i')
        .where('i.name = :name', { name: SECRET })
    return {
      ask: column => one(column).getRawMany(),
      async stream(column) {
        const stream = await one(column).stream()
        await new Promise((resolve, reject) =>
          stream
            .on('data', () => {})
            .on('end', resolve)
            .on('error', reject),
        )
      },
      transaction: column => db.transaction(inner => one(column, inner).getRawMany()),
      end: () => db.destroy(),
    }
  },
  sequelize(load, on) {
    const { Sequelize } = load('sequelize')
    const db = new Sequelize(URLS[on], {
      logging: false,
      pool: { max: 3, min: 0 },
    })
    const model = db.define('item', {}, { tableName: 'items', timestamps: false })
    const one = (column, transaction) =>
      model.findAll({
        attributes: [['id', column]],
        where: db.literal(`name = '${SECRET}'`),
        transaction,
      })
    return {
      ask: column => one(column),
      transaction: column => db.transaction(inner => one(column, inner)),
      end: () => db.close(),
    }
  },
  prisma() {
    const load = createRequire(process.env.PRISMA)
    const { PrismaPg } = load('@prisma/adapter-pg')
    const { PrismaClient } = load('./generated')
    const db = new PrismaClient({ adapter: new PrismaPg({ connectionString: URLS.pg, max: 3 }) })
    const one = (column, on = db) =>
      on.$queryRawUnsafe(`select id as ${column} from items where name = $1`, SECRET)
    return {
      ask: column => one(column),
      transaction: column => db.$transaction(inner => one(column, inner)),
      end: () => db.$disconnect(),
    }
  },
  'pg-promise'(load) {
    const pgp = load('pg-promise')()
    const db = pgp({ connectionString: URLS.pg, max: 3 })
    const one = (column, on = db) =>
      on.any(`select id as ${column} from items where name = $1`, [SECRET])
    return {
      ask: column => one(column),
      transaction: column => db.tx(inner => one(column, inner)),
      task: column => db.task(inner => one(column, inner)),
      end: () => db.$pool.end(),
    }
  },
}

module.exports = async load => {
  const ways = {}
  const ends = []
  for (const [name, make] of Object.entries(makers))
    for (const on of /^(?:pg-promise|prisma)$/.test(name) ? ['pg'] : ['pg', 'mysql']) {
      const { end, ...kinds } = await make(load, on)
      ends.push(end)
      for (const [kind, ask] of Object.entries(kinds))
        ways[`${name}-${on}-${kind}`] = async n => {
          for (const part of [1, 2]) await ask(`r${n}_${part}`)
        }
    }
  return {
    ways,
    async end() {
      for (const end of ends) await end()
    },
  }
}

/** Drivers that are loaded as ES modules, for an app of CommonJS: by `import()`, or by `require` of this file. */
import { Redis } from 'ioredis'
import mysql from 'mysql2/promise'
import pg from 'pg'
import postgres from 'postgres'
import { createClient } from 'redis'

const { PG_URL, MYSQL_URL, REDIS_PORT } = process.env
const redisAt = { port: Number(REDIS_PORT), host: '127.0.0.1' }

export async function open() {
  const pgPool = new pg.Pool({ connectionString: PG_URL, max: 3 })
  const mysqlPool = mysql.createPool({ uri: MYSQL_URL, connectionLimit: 3 })
  const sql = postgres(PG_URL, { max: 3 })
  const ioredis = new Redis(redisAt)
  const redis = createClient({ socket: redisAt })
  await redis.connect()
  const inTurn = async (n, ask) => {
    for (const part of [1, 2, 3]) await ask(`select 'planted' as r${n}_${part}`)
  }
  const times = async (n, ask) => {
    for (let at = 0; at <= n % 3; at++) await ask()
  }
  return {
    ways: {
      pg: n => inTurn(n, text => pgPool.query(text)),
      mysql2: n => inTurn(n, text => mysqlPool.query(text)),
      postgres: n => inTurn(n, text => sql.unsafe(text)),
      ioredis: n => times(n, () => ioredis.get('planted')),
      redis: n => times(n, () => redis.get('planted')),
    },
    async end() {
      await Promise.all([pgPool.end(), mysqlPool.end(), sql.end(), ioredis.quit(), redis.close()])
    },
  }
}

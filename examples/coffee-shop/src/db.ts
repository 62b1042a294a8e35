import { Pool, type PoolClient, type PoolConfig } from 'pg'
import { config } from './config.js'

/** All that the shop owns lies in a schema of its own, whatever else the database holds. */
export const connection: PoolConfig = {
  connectionString: config.databaseUrl,
  options: '-c search_path=coffee_shop',
}

export const pool = new Pool({ ...connection, max: config.poolSize })

// A pool reports the loss of an idle connection here; unheard, it would end the process.
pool.on('error', error => {
  console.error(`lost a database connection: ${error.message}`)
})

/** Runs `work` in one transaction: committed when it resolves, rolled back when it throws. */
export async function inTransaction<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    await client.query('begin')
    const result = await work(client)
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch((failure: Error) => {
      broken = failure
    })
    throw error
  } finally {
    client.release(broken)
  }
}

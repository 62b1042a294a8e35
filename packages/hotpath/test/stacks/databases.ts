import mysql from 'mysql2/promise'
import pg from 'pg'

/** Runs the same statements in both databases. */
export async function ask(
  pgUrl: string,
  mysqlUrl: string,
  statements: readonly string[],
): Promise<void> {
  const client = new pg.Client({ connectionString: pgUrl })
  const connection = await mysql.createConnection(mysqlUrl)
  await client.connect()
  for (const text of statements) {
    await client.query(text)
    await connection.query(text)
  }
  await client.end()
  await connection.end()
}

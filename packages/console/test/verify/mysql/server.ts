import mysql from 'mysql2/promise'
import {
  type MariaDb,
  missingMariaDb,
  startMariaDb,
} from '../../../../hotpath/dist-test/pool/mariadb.js'

export const lackingMariaDb = missingMariaDb

/** A MariaDB for a suite of databases. */
export interface MySqlServer {
  /** The address of a database of it; root may all, others have what they were given. */
  urlOf(database: string, user?: string): string
  /** Runs SQL in a database, statement by statement. */
  run(database: string, ...statements: readonly string[]): Promise<void>
  stop(): Promise<void>
}

export async function startMySqlServer(settings: readonly string[] = []): Promise<MySqlServer> {
  const server: MariaDb = await startMariaDb(settings)
  const urlOf = (database: string, user = 'root'): string =>
    `mysql://${user}@127.0.0.1:${server.port}/${database}`
  return {
    urlOf,
    run: (database, ...statements) =>
      withConnection(urlOf(database), async connection => {
        for (const one of statements) await connection.query(one)
      }),
    stop: () => server.stop(),
  }
}

export async function withConnection<T>(
  url: string,
  work: (connection: mysql.Connection) => Promise<T>,
): Promise<T> {
  const connection = await mysql.createConnection({ uri: url, multipleStatements: true })
  try {
    return await work(connection)
  } finally {
    await connection.end()
  }
}

/** A table of 20,000 rows, of which ten have each value of `a`, and no index on it. */
export const things = `
  create table things (id int primary key, a int not null, filler varchar(60) not null);
  insert into things select seq, seq % 2000, repeat('x', 50) from seq_1_to_20000;
  analyze table things`

import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Estimate, meanOf } from '../statistics/interval.js'
import { register, type Setting, type Stack } from './apps.js'

/** Nanoseconds of the app's thread that the recorder's own work takes, without network and server. */
export interface Isolated {
  readonly request: Estimate
  readonly statement: Readonly<Record<Stack['driver'], Estimate>>
}

/** Statements of each request in `isolated-app.cts`. */
const statements = 20

type Round = Readonly<Record<string, number>>

/** What the recorder adds to a request of Fastify, and to a statement of each driver within one. */
export async function isolatedCost(setting: Setting, rounds: number): Promise<Isolated> {
  const measured = await run(setting, rounds)
  const added = (round: Round, way: string): number =>
    (round[`${way} on`] ?? Number.NaN) - (round[`${way} off`] ?? Number.NaN)
  const statement = (driver: Stack['driver']): Estimate =>
    meanOf(measured.map(round => (added(round, driver) - added(round, 'none')) / statements))
  return {
    request: meanOf(measured.map(round => added(round, 'none'))),
    statement: {
      pg: statement('pg'),
      postgres: statement('postgres'),
      mysql2: statement('mysql2'),
    },
  }
}

function run({ nodeOf, databaseUrl, sink }: Setting, rounds: number): Promise<Round[]> {
  const program = fileURLToPath(new URL('isolated-app.cjs', import.meta.url))
  const child = fork(program, {
    execPath: nodeOf(24),
    execArgv: ['--import', register],
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      NODE_ENV: 'production',
      PG_URL: databaseUrl.pg,
      MYSQL_URL: databaseUrl.mysql2,
      HOTPATH_ENDPOINT: sink.url,
      ROUNDS: String(rounds),
    },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const measured: Round[] = []
  child.on('message', ({ figures }: { figures: Round }) => measured.push(figures))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => {
      if (code === 0) resolve(measured)
      else reject(new Error(`the app for the isolated cost ended with ${code}`))
    })
  })
}

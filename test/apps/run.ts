import type { Finding } from '@hotpath/console'
import pg from 'pg'
import type { Application, Drive } from './application.js'
import { type Answer, Client } from './client.js'
import { type Logged, ServerLog } from './server-log.js'
import { freePort, type Postgres } from '../postgres.js'
import { TestConsole } from '../processes/console.js'
import { Program, type ProgramOptions, register } from '../processes/program.js'
import { until } from '../processes/until.js'
import { applicationFolder } from '../run/company.js'
import { nodeOf } from '../run/node.js'

/** Requests of a route before any is judged: the first ones fill caches of the application. */
const warmUps = 3
/** Requests whose statements are counted in the log: what runs beside them is in few of them. */
const logged = 5
/** Requests under the recorder: enough that every detector says what it has to say. */
const recorded = 25

/** What the database says of a route, and how the application answered without us. */
export interface Plain {
  readonly drive: Drive
  /** The statements of each request that was looked at. */
  readonly requests: readonly (readonly Logged[])[]
  /** To the last of them. */
  readonly answer: Answer
  /** All of them were answered with the same text. */
  readonly isSame: boolean
  /** How long the quickest of them took from outside. */
  readonly quickestMs: number
}

/** What the recorder made of a route. */
export interface Attached {
  readonly drive: Drive
  /** How many statements each of the route's newest traces holds. */
  readonly statements: readonly number[]
  /** To the request that the application by itself answered last. */
  readonly answer: Answer
}

export interface Recorded {
  readonly drives: readonly Attached[]
  readonly findings: readonly Finding[]
}

/** The application by itself, one request at a time, and what its database logs of each. */
export async function runPlain(app: Application, postgres: Postgres): Promise<readonly Plain[]> {
  await using running = await Running.start(app, postgres, 'plain')
  await using log = await ServerLog.open(postgres.statements ?? '', postgres.url, running.database)
  const seen: Plain[] = []
  for (const drive of app.drives) {
    for (let n = 0; n < warmUps; n++) await running.answer(drive, n)
    await log.sinceLast()
    const requests: (readonly Logged[])[] = []
    let answer: Answer | undefined
    const texts = new Set<string>()
    let quickestMs = Infinity
    for (let n = warmUps; n < warmUps + logged; n++) {
      const startMs = performance.now()
      answer = await running.answer(drive, n)
      quickestMs = Math.min(quickestMs, performance.now() - startMs)
      texts.add(answer.text)
      requests.push(await log.sinceLast())
    }
    if (answer) seen.push({ drive, requests, answer, isSame: texts.size === 1, quickestMs })
  }
  return seen
}

/** The same application with nothing but the flag, and a console that listens. */
export async function runAttached(app: Application, postgres: Postgres): Promise<Recorded> {
  await using console = await TestConsole.start()
  const answers = new Map<Drive, Answer>()
  {
    await using running = await Running.start(app, postgres, 'attached', console)
    for (const drive of app.drives) {
      for (let n = 0; n < recorded; n++) {
        const answer = await running.answer(drive, n)
        if (n === warmUps + logged - 1) answers.set(drive, answer)
      }
    }
    await running.stop()
  }
  const { findings } = await console.ask('findings', 'since=1h')
  const drives: Attached[] = []
  for (const [drive, answer] of answers) {
    const query = `since=1h&order=newest&limit=20&route=${encodeURIComponent(drive.route)}`
    const { traces } = await console.ask('traces', query)
    const spans = await Promise.all(traces.map(({ traceId }) => console.spans(traceId)))
    const statements = spans.map(
      all => all.filter(({ attributes }) => 'db.query.text' in attributes).length,
    )
    drives.push({ drive, statements, answer })
  }
  return { drives, findings }
}

/** An application that serves, with its data in it. */
class Running implements AsyncDisposable {
  readonly database: string
  readonly #program: Program
  readonly #client: Client

  private constructor(database: string, program: Program, client: Client) {
    this.database = database
    this.#program = program
    this.#client = client
  }

  static async start(
    app: Application,
    postgres: Postgres,
    as: string,
    console?: TestConsole,
  ): Promise<Running> {
    const database = `${app.name}_${as}`
    await createDatabase(postgres, database)
    const port = await freePort()
    const { before, args, env } = app.start(
      `${postgres.url.replace(/[^/]*$/, '')}${database}`,
      port,
    )
    const node = app.node === undefined ? process.execPath : nodeOf(app.node)
    const cwd = applicationFolder(app.name)
    if (before !== undefined) await prepare(node, before, { cwd, env })
    const flags = console === undefined ? [] : ['--import', register]
    const program = new Program(node, [...flags, ...args], {
      cwd,
      env: { ...env, ...console?.env },
    })
    const client = new Client(`http://127.0.0.1:${port}`)
    const running = new Running(database, program, client)
    try {
      await running.#serves(app)
      await app.seed(client)
      return running
    } catch (error) {
      await running[Symbol.asyncDispose]()
      throw new Error(`${app.name} did not start: ${program.stdout}${program.stderr}`, {
        cause: error,
      })
    }
  }

  async #serves(app: Application): Promise<void> {
    let over = false
    void this.#program.ended.then(() => (over = true))
    const status = async (): Promise<number> => {
      if (over) throw new Error(`${app.name} ended`)
      return this.#client.get(app.ready).then(
        answer => answer.status,
        () => 0,
      )
    }
    await until(status, code => code === 200, `${app.name} to serve`, 240_000)
  }

  async answer(drive: Drive, n: number): Promise<Answer> {
    const answer = await drive.send(this.#client, n)
    if (answer.status >= 400) {
      throw new Error(`${drive.route}: ${answer.status} ${answer.text.slice(0, 500)}`)
    }
    return answer
  }

  /** As an operator would: the recorder hands on what it has. */
  async stop(): Promise<void> {
    this.#program.kill('SIGTERM')
    await this.#program.ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]()
  }
}

async function prepare(
  node: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<void> {
  const { code, stdout, stderr } = await new Program(node, args, options).ended
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stdout}${stderr}`)
}

async function createDatabase(postgres: Postgres, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: postgres.url })
  await client.connect()
  await client.query(`create database ${name}`)
  await client.end()
}

import { closeSync, openSync, readSync, statSync } from 'node:fs'
import pg from 'pg'
import { until } from '../processes/until.js'

/** A statement that the server ran, by its own log. */
export interface Logged {
  readonly text: string
  /** As the server prints them; empty without any. */
  readonly parameters: string
  /** What the server took for it, with parsing and planning. */
  readonly ms: number
}

/** The log of a PostgreSQL that logs every statement, cut where the test says. */
export class ServerLog implements AsyncDisposable {
  readonly #file: string
  readonly #client: pg.Client
  readonly #database: string
  readonly #before = new Map<string, number>()
  #offset = 0
  #marks = 0

  private constructor(file: string, client: pg.Client, database: string) {
    this.#file = file
    this.#client = client
    this.#database = database
  }

  /** `url` is any database of the server, `database` the one whose statements are asked for. */
  static async open(file: string, url: string, database: string): Promise<ServerLog> {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    return new ServerLog(file, client, database)
  }

  /**
   * What the server was asked since the last time. A mark of our own is written behind it: the log
   * is complete up to there once the mark is in it.
   */
  async sinceLast(): Promise<readonly Logged[]> {
    const mark = `hotpath mark ${++this.#marks};`
    await this.#client.query(`select '${mark}'`)
    const lines = await until(
      () => this.#read(),
      text => text.includes(mark),
      `${mark} in the server's log`,
    )
    this.#offset = statSync(this.#file).size
    return lines.slice(0, lines.indexOf(mark)).split('\n').flatMap(this.#statement)
  }

  #read(): string {
    const file = openSync(this.#file, 'r')
    try {
      const bytes = Buffer.alloc(statSync(this.#file).size - this.#offset)
      readSync(file, bytes, 0, bytes.length, this.#offset)
      return bytes.toString()
    } finally {
      closeSync(file)
    }
  }

  #statement = (line: string): Logged[] => {
    if (!line.startsWith('{') || !line.endsWith('}')) return []
    const { dbname, message = '', detail = '', pid } = JSON.parse(line) as Record<string, string>
    const [, took, step, text = ''] =
      /^duration: ([\d.]+) ms {2}(statement|parse|bind|execute)[^:]*: ([^]*)$/.exec(message) ?? []
    if (dbname !== this.#database || step === undefined) return []
    const ms = (this.#before.get(pid ?? '') ?? 0) + Number(took)
    // In the extended protocol a statement is parsed, bound and executed, each with a line of its own.
    if (step === 'parse' || step === 'bind') {
      this.#before.set(pid ?? '', ms)
      return []
    }
    this.#before.delete(pid ?? '')
    return [{ text, parameters: detail.replace(/^parameters: /i, ''), ms }]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.end()
  }
}

import type { FindingKind } from '@hotpath/console'
import type { Answer, Client } from './client.js'

/** A program from npm that nobody here wrote, and what is known of it. */
export interface Application {
  readonly name: string
  /** The Node that it needs; without it the one that runs us. */
  readonly node?: 24
  /** What runs it, told the database and the port; in its own folder. */
  start(url: string, port: number): Start
  /** A path that answers 200 once it serves. */
  readonly ready: string
  /** Makes the data over the application's own API. */
  seed(client: Client): Promise<void>
  /** Every route that is asked for, with the truth about it. */
  readonly drives: readonly Drive[]
}

export interface Start {
  /** Run to its end before: makes the tables. */
  readonly before?: readonly string[]
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** A request that is sent again and again, and what its statements in the database's own log say of it. */
export interface Drive {
  /** As Hotpath names it: method and the template of the framework. */
  readonly route: string
  /** The `n`th of them, from 0. */
  send(client: Client, n: number): Promise<Answer>
  /** Statements of one request that the log shows, with BEGIN, COMMIT and the like. */
  readonly statements: number
  /** What is wrong with it; empty where it is clean. */
  readonly truth: readonly Truth[]
}

/** One thing that is wrong with a route. */
export interface Truth {
  readonly kind: FindingKind
  /** A part of the statement's text; absent where the finding is about the route. */
  readonly statement?: string
  /** How often one request runs that statement, by the log. */
  readonly times?: number
  readonly why: string
}

import type { FindingKind } from '@hotpath/console'
import type { RealApplication } from '../run/company.js'
import type { Answer, Client } from './client.js'

/** A program from npm that nobody here wrote, and the truth about it. */
export interface Application {
  readonly name: RealApplication
  /** The Node that it needs; without it the one that runs us. */
  readonly node?: 24
  /** What runs it, told the database and the port; in its own folder. */
  start(url: string, port: number): Start
  /** A path that answers 200 once it serves. */
  readonly ready: string
  /** Makes the data over the application's own API. */
  seed(client: Client): Promise<void>
  /** Names of fields in its answers that are ids. */
  readonly ids?: RegExp
  /** Everything that is asked of it. */
  readonly drives: readonly Drive[]
  /** Everything that is wrong with its routes; all others are clean. */
  readonly truth: readonly Truth[]
}

export interface Start {
  /** Run to its end before: makes the tables. */
  readonly before?: readonly string[]
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** A request that is sent again and again. */
export interface Drive {
  /** As Hotpath is to name it: the method and the framework's template. */
  readonly route: string
  /** Tells drives of one route apart. */
  readonly what?: string
  /** Statements of one request in the database's log, with BEGIN and COMMIT. */
  readonly statements: number
  /** The `n`th of them, from 0. */
  send(client: Client, n: number): Promise<Answer>
}

/** One thing that is wrong with a route, established from the database's log or the answer. */
export interface Truth {
  readonly kind: FindingKind
  readonly route: string
  /** A part of the statement, without quotes and with `?` for literals; absent where it is about the route. */
  readonly statement?: string
  /** How often one request runs it, and with how many sets of parameters, by the log. */
  readonly times?: number
  readonly sets?: number
  /** What shows it. */
  readonly why: string
  /** Hotpath lets it be: the row of docs/findings.md that says so. It counts as missed all the same. */
  readonly byChoice?: string
  /** Whether it shows depends on how quick the machine is: it is not missed where it was not said. */
  readonly timed?: true
}

import { bytes as told } from '../diagnose/figures.js'
import { ConsoleError } from '../errors.js'
import type { Finding, Fix } from '../model.js'
import type { Advice, Creation } from './advice.js'
import { kindOf } from './databases.js'
import { dropFindings } from './dropping.js'
import type { CountedStatement } from './workload.js'

/** Data grows slowly, and asking is a load: so often at most, and only while somebody looks. */
const everyMs = 600_000
/** A console asks with more patience for the database than a person has. */
const patienceMs = 10_000

/** Advice for a console that has a database: asked for in the background, kept until the next. */
export class Advising {
  #advice: Advice | undefined
  #problem: string | undefined
  #askedMs = Number.NEGATIVE_INFINITY
  #asking: Promise<void> | undefined
  readonly #ending = new AbortController()

  /**
   * `counted` gives the statements that the console has seen; `memory` is the file that keeps since when it sees an
   * index; `onFault` is told of errors that are ours.
   */
  constructor(
    readonly database: string,
    private readonly counted: () => Promise<readonly CountedStatement[]>,
    private readonly memory: string,
    private readonly onFault: (error: unknown) => void,
  ) {}

  /** What is known; who asks has a newer one made when that is old. Never waits, never throws. */
  latest(nowMs: number): Advice | undefined {
    if (this.#asking === undefined && Math.abs(nowMs - this.#askedMs) >= everyMs) {
      this.#askedMs = nowMs
      this.#asking = this.#ask().finally(() => {
        this.#asking = undefined
      })
    }
    return this.#advice
  }

  /** Why there is no advice, for people. */
  notes(): string[] {
    return this.#problem === undefined ? [] : [`No index advice: ${this.#problem}`]
  }

  /** Ends a question that is under way; resolves when none is. */
  async close(): Promise<void> {
    this.#ending.abort()
    await this.#asking
  }

  async #ask(): Promise<void> {
    try {
      const [{ advise, systems }, { fromConsole }, { IndexMemory }] = await Promise.all([
        kindOf(this.database),
        import('./workload.js'),
        import('./memory.js'),
      ])
      const workload = fromConsole(await this.counted(), new Map(), systems)
      if (workload.statements.length === 0) {
        // Nothing was seen yet: the next question may have something.
        this.#askedMs = Number.NEGATIVE_INFINITY
        return
      }
      const memory = new IndexMemory(this.memory)
      this.#advice = await advise({
        database: this.database,
        workload,
        memory,
        patienceMs,
        signal: this.#ending.signal,
      })
      this.#problem = undefined
      memory.save()
    } catch (error) {
      if (error instanceof ConsoleError) this.#problem = error.message
      else this.onFault(error)
    }
  }
}

/**
 * An answer with what is known of indexes: findings about statements for which one is known, or known not to help,
 * have that as their first fix, and those that only cost are findings of their own. They are of no one service.
 */
export function withAdvice<
  Answer extends { readonly findings: readonly Finding[]; readonly service: string | null },
>(answer: Answer, advice: Advice | undefined): Answer {
  if (advice === undefined) return answer
  const told = answer.findings.map(finding => withIndex(finding, advice))
  return {
    ...answer,
    findings: answer.service === null ? [...told, ...dropFindings(advice)] : told,
  }
}

function withIndex(finding: Finding, advice: Advice): Finding {
  if (finding.kind !== 'missing-index' && finding.kind !== 'slow-statement') return finding
  const made = advice.create.find(({ serves }) =>
    serves.some(({ statement }) => statement === finding.subject),
  )
  const none = advice.none.find(({ statement }) => statement === finding.subject)
  const fix =
    made !== undefined
      ? fixOf(made, finding.subject)
      : none === undefined || none.reason === 'served already'
        ? undefined
        : { kind: 'code' as const, title: `No index: ${none.reason}`, text: none.why }
  return fix === undefined
    ? finding
    : { ...finding, fixes: [fix, ...finding.fixes.filter(isNoGuess)] }
}

/** What the statement's text alone suggests, the advice knows better. */
const isNoGuess = ({ kind, title }: Fix): boolean =>
  kind !== 'sql' || !title.startsWith('An index to try')

function fixOf(
  { sql, verified, why, saved, serves, write, bytes }: Creation,
  subject: string,
): Fix {
  const cost = serves.find(({ statement }) => statement === subject)?.cost
  const falls = `the cost of a call falls from ${Math.round(cost?.before ?? 0)} to ${Math.round(cost?.after ?? 0)}`
  const tried =
    verified !== 'none'
      ? [`Tried by the planner: ${falls}.`]
      : saved === null
        ? [why]
        : [why, `By that estimate ${falls}.`]
  const note = [
    ...tried,
    ...(bytes === null ? [] : [`It takes ${told(bytes)}.`]),
    `Writing a row of the table takes ${Math.round(write.percent)} % more work.`,
    'hotpath index says more.',
  ]
  return {
    kind: 'sql',
    title: verified === 'none' ? 'An index to try, for all statements together' : 'Make this index',
    note: note.join(' '),
    text: sql.map(one => `${one};`).join('\n'),
  }
}

import type { Skipped } from './advice.js'

/** What is to be told besides the advice. */
export class Remarks {
  readonly notes: string[] = []
  readonly skipped: Skipped[] = []

  note(...sentences: readonly string[]): void {
    this.notes.push(...sentences)
  }

  /** A statement that is left out. */
  skip(statement: string, reason: string): void {
    if (this.skipped.length < 100) this.skipped.push({ statement: statement.slice(0, 500), reason })
  }
}

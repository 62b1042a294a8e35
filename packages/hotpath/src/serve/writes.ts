import { createHash } from 'node:crypto'

/** Targets that were written to which are remembered. */
const MOST = 10_000
/** A longer key is kept as its hash: clients choose how long a URL is. */
const LONGEST = 200

/**
 * Which targets were written to, and in which order: an answer that was begun before a write to its
 * target and ended after it may be of before.
 */
export class Writes {
  private now = 0
  /** What is older than this is not remembered, and counts as written to. */
  private floor = 0
  private readonly last = new Map<string, number>()

  /** To be asked for before the answer is begun. */
  mark(): number {
    return this.now
  }

  wrote(key: string): void {
    this.now++
    if (this.last.size >= MOST) {
      this.last.clear()
      this.floor = this.now
    }
    this.last.set(short(key), this.now)
  }

  since(mark: number, key: string): boolean {
    if (mark === this.now) return false
    return mark < this.floor || (this.last.get(short(key)) ?? 0) > mark
  }
}

function short(key: string): string {
  return key.length <= LONGEST ? key : createHash('sha256').update(key).digest('base64')
}

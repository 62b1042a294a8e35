/** Some 300 bytes each: 1.5 MB in a process. At 50 comparisons a second, three routes fill it in their 30 s. */
const MAX_GIVEN = 5_000

export interface Given {
  readonly digest: string
  readonly atMs: number
}

/** What answers were given, for a while: the oldest makes room. */
export class GivenAnswers {
  /** By a digest of what was asked, in the order in which they were given. */
  private readonly byKey = new Map<string, Given>()

  constructor(private readonly ttlMs: number) {}

  /** What was given at most `ttlMs` before `nowMs`. */
  get(key: string, nowMs: number): Given | undefined {
    const given = this.byKey.get(key)
    return given !== undefined && nowMs - given.atMs <= this.ttlMs ? given : undefined
  }

  set(key: string, given: Given): void {
    this.byKey.delete(key)
    this.byKey.set(key, given)
    for (const [oldest, { atMs }] of this.byKey) {
      if (this.byKey.size <= MAX_GIVEN && given.atMs - atMs <= this.ttlMs) return
      this.byKey.delete(oldest)
    }
  }
}

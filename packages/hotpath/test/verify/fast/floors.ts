/** What is known of a counter that only goes up: since when its value was at least this. */
interface Floor {
  readonly n: number
  readonly sinceMs: number
}

/** Lower bounds of counters over time: what a reader may be late is a bound of time. */
export class Floors {
  private readonly floors = new Map<number, Floor[]>()

  /** From now on everybody could know. */
  add(id: number, n: number, sinceMs = performance.now()): void {
    const all = this.floors.get(id) ?? []
    all.push({ n, sinceMs })
    this.floors.set(id, all)
  }

  /** The least that an answer may say to who asks at `atMs` and may be `lateMs` late. */
  least(id: number, atMs: number, lateMs: number): number {
    const all = this.floors.get(id) ?? []
    let least = 0
    const young: Floor[] = []
    for (const floor of all)
      if (floor.sinceMs + lateMs <= atMs) least = Math.max(least, floor.n)
      else young.push(floor)
    // Of what everybody has to know by now the most is enough.
    this.floors.set(id, [{ n: least, sinceMs: Number.NEGATIVE_INFINITY }, ...young])
    return least
  }
}

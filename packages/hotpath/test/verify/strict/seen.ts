/** What a run over several processes came to. */
export interface StrictSeen {
  reads: number
  hits: number
  commits: number
  kills: number
  cuts: number
  restarts: number
  stale: number
}

/** How late readers are is a question of fast mode: nothing is late here. */
export function lineOfStrict(seen: StrictSeen): string {
  const { reads, hits, commits, kills, cuts, restarts, stale } = seen
  return `invalidation: reads=${reads} hits=${hits} commits=${commits} kills=${kills} cuts=${cuts} restarts=${restarts} stale_strict=${stale} late_p999_ms=not measured`
}

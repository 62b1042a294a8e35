/**
 * The life of an alert, said again as naively as possible: a word with a letter for each step, and where in
 * it things begin and end. o over, b between, u under, x unknown.
 */
export interface NaiveLimits {
  /** `for`, in steps. */
  readonly lasts: number
  /** Unknown for so many steps ends what is pending, or what fires. */
  readonly quietPending: number
  readonly quietFiring: number
  readonly shownResolved: number
}

export const limitsOf = (forMs: number, stepMs: number): NaiveLimits => ({
  lasts: Math.ceil(forMs / stepMs),
  quietPending: Math.ceil(Math.max(forMs, 120_000) / stepMs),
  quietFiring: Math.ceil(Math.max(3 * forMs, 900_000) / stepMs),
  shownResolved: 3_600_000 / stepMs,
})

/** The state after each letter. */
export function naiveStates(word: string, limits: NaiveLimits): string[] {
  const states = Array.from(word, () => 'inactive')
  const fill = (from: number, to: number, state: string): void =>
    void states.fill(state, from, Math.min(to, word.length))
  let at = 0
  for (;;) {
    const began = word.indexOf('o', at)
    if (began < 0) return states
    const over = firstWhere(word, began, i => isOver(word, began, i, limits))
    const fired = firstWhere(
      word,
      began + limits.lasts,
      i => word[i] === 'o' && !/u/.test(word.slice(began, i)),
    )
    const end = Math.min(over, fired)
    fill(began, end, 'pending')
    at = end
    if (fired >= over) continue
    const resolved = firstWhere(word, fired + 1, i => isResolved(word, fired, i, limits))
    fill(fired, resolved, 'firing')
    const again = word.indexOf('o', resolved)
    fill(
      resolved,
      Math.min(again < 0 ? Infinity : again, resolved + limits.shownResolved),
      'resolved',
    )
    at = resolved
  }
}

function isOver(word: string, began: number, i: number, { quietPending }: NaiveLimits): boolean {
  return word[i] === 'u' || word.slice(began + 1, i + 1).endsWith('x'.repeat(quietPending))
}

function isResolved(word: string, fired: number, i: number, limits: NaiveLimits): boolean {
  const since = word.slice(fired + 1, i + 1)
  if (since.endsWith('x'.repeat(limits.quietFiring))) return true
  // Under now, and under so long before, with nothing else than unknown in between.
  const calm = /u[ux]*$/.exec(since)?.[0] ?? ''
  return word[i] === 'u' && calm.length > limits.lasts
}

function firstWhere(word: string, from: number, is: (i: number) => boolean): number {
  for (let i = from; i < word.length; i++) if (is(i)) return i
  return word.length
}

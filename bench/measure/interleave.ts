import { shuffled } from '../statistics/shuffle.js'

/** What is compared: each runs one block of work and says what it came to. */
export type Arms<Name extends string, Figures> = Readonly<Record<Name, () => Promise<Figures>>>

/** What each arm came to in one round. */
export type Round<Name extends string, Figures> = Readonly<Record<Name, Figures>>

/**
 * Runs all arms in every round, in an order drawn anew each time: what the machine does meanwhile
 * (heat, neighbours, a full disk) meets each of them alike, and no arm always comes first.
 *
 *     await interleave({ on, off, offAgain: off }, 30, seeded(7))
 */
export async function interleave<Name extends string, Figures>(
  arms: Arms<Name, Figures>,
  rounds: number,
  random: () => number,
): Promise<Round<Name, Figures>[]> {
  const results: Round<Name, Figures>[] = []
  for (let round = 0; round < rounds; round++) {
    const figures = {} as Record<Name, Figures>
    for (const name of shuffled(Object.keys(arms) as Name[], random))
      figures[name] = await arms[name]()
    results.push(figures)
  }
  return results
}

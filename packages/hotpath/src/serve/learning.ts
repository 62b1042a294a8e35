/** Comparisons in a row that were equal before a policy serves. */
export const EARNS = 20
/** Inputs that the key may have besides those that the config names: with more, nothing would be a hit. */
export const MOST_INPUTS = 4
/** Inputs that are looked at at all. */
const MOST_LOOKED_AT = 32

/**
 * What is learned of one policy by watching its handlers and by comparing the answers that it would have
 * served with those that the app gave. An input that the handlers read by name is in the key from then
 * on. Equal answers never take it out again: they show only that nobody's answer differed yet, and whoever
 * sends requests could choose what is compared.
 */
export class Learning {
  /** Changes when the inputs in the key do: what was keyed by others is not looked for. */
  generation = 0
  /** Inputs that are in the key now, sorted. */
  inputs: readonly string[] = []
  private streak = 0
  private sure = false
  private tooMany = false
  /** Of the inputs those of which several values were seen. */
  private readonly varying = new Set<string>()
  /** Each with the value with which it was seen first, here; it stays in the process. */
  private readonly first = new Map<string, string | undefined>()

  get earned(): boolean {
    return this.sure && !this.blocked
  }

  /**
   * The answers depend on more inputs than a key may have. Those that all clients send alike tell no two
   * of them apart, and do not count.
   */
  get blocked(): boolean {
    return this.tooMany || this.varying.size > MOST_INPUTS
  }

  /** Inputs that were read by name, with their values: what is new is in the key from now on. */
  read(values: Iterable<readonly [name: string, value: string | undefined]>): void {
    const before = this.first.size
    for (const [name, value] of values) {
      const known = this.first.get(name)
      if (known !== undefined) {
        if (known !== value) this.varying.add(name)
      } else if (this.first.has(name)) this.first.set(name, value)
      else if (this.first.size >= MOST_LOOKED_AT) this.tooMany = true
      else this.first.set(name, value)
    }
    if (this.first.size === before) return
    this.inputs = [...this.first.keys()].sort()
    this.generation++
  }

  /** Another instance has seen that it serves what the app answers, with these inputs in the key. */
  adopt(inputs: readonly string[]): void {
    this.read(inputs.map(name => [name, undefined]))
    this.sure = true
    this.forget()
  }

  /** What was kept so far is not looked for any more. */
  forget(): void {
    this.generation++
  }

  /** Whether it was read before. */
  knows(name: string): boolean {
    return this.first.has(name)
  }

  /** A hit would have been what the app answered, or not. Says whether it has earned to serve just now. */
  compared(equal: boolean): boolean {
    this.streak = equal ? this.streak + 1 : 0
    if (this.sure || this.streak < EARNS || this.blocked) return false
    this.sure = true
    return true
  }
}

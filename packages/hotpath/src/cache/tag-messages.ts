/** One text on the channel: who, which of its texts, and what it says. */
export interface TagMessage {
  readonly from: string
  /** Counts the texts of this sender, from 1 up: one that is missing was lost. */
  readonly n: number
  /** Tags that have changed; `all` of them; or it goes, and will say no more. Empty: it is there. */
  readonly names: readonly string[] | 'all' | 'bye'
}

/** Texts of more are cut into several: pub/sub of Redis holds them in memory for each listener. */
const MOST_CHARACTERS = 60_000

export function messageText({ from, n, names }: TagMessage): string {
  return JSON.stringify(['hotpath', 1, from, n, names])
}

/** Undefined: it is none of ours, or of a later version. */
export function readMessage(text: string): TagMessage | undefined {
  try {
    const [mark, version, from, n, names] = JSON.parse(text) as unknown[]
    if (mark !== 'hotpath' || version !== 1 || typeof from !== 'string') return undefined
    if (!Number.isSafeInteger(n) || !isNames(names)) return undefined
    return { from, n: n as number, names }
  } catch {
    return undefined
  }
}

function isNames(value: unknown): value is TagMessage['names'] {
  if (value === 'all' || value === 'bye') return true
  return Array.isArray(value) && value.every(name => typeof name === 'string')
}

/** In lists that fit into one text each. */
export function cut(names: Iterable<string>): string[][] {
  const lists: string[][] = []
  let characters = MOST_CHARACTERS
  for (const name of names) {
    characters += name.length + 3
    if (characters > MOST_CHARACTERS) {
      lists.push([])
      characters = name.length
    }
    lists.at(-1)?.push(name)
  }
  return lists
}

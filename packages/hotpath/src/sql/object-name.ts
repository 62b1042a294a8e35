import { Kind } from './dialect.js'
import type { Tokens } from './scan.js'

/**
 * Names of savepoints, cursors, channels and prepared statements: ORMs make a new one each time, and a
 * channel may be named after a user. In each statement of the text the name becomes `?`.
 */
export function dropObjectNames(tokens: Tokens): void {
  const { kinds, texts, data } = tokens
  let start = 0
  for (let end = 0; end <= texts.length; end++) {
    if (end < texts.length && texts[end] !== ';') continue
    const at = nameAt(tokens, start, end)
    const name = at === undefined ? undefined : texts[at]
    if (at !== undefined && name !== undefined) {
      data.text(name, 0, name.length, 256)
      kinds[at] = Kind.literal
      texts[at] = '?'
    }
    start = end + 1
  }
}

/** Where the name stands in the statement from `start` to `end`; undefined when it has none. */
function nameAt({ kinds, texts }: Tokens, start: number, end: number): number | undefined {
  if (kinds[start] !== Kind.word) return undefined
  const word = (at: number) => (kinds[at] === Kind.word ? (texts[at] as string).toUpperCase() : '')
  const name = (at: number) => {
    const named = at < end && (kinds[at] === Kind.word || kinds[at] === Kind.name)
    return named && word(at) !== 'ALL' ? at : undefined
  }
  switch (word(start)) {
    case 'SAVEPOINT':
    case 'DECLARE':
    case 'CLOSE':
    case 'LISTEN':
    case 'UNLISTEN':
    case 'NOTIFY':
    case 'EXECUTE':
      return name(start + 1)
    case 'PREPARE':
      return word(start + 1) === 'TRANSACTION' ? undefined : name(start + 1)
    case 'DEALLOCATE':
      return name(word(start + 1) === 'PREPARE' && end > start + 2 ? start + 2 : start + 1)
    case 'RELEASE':
      return name(word(start + 1) === 'SAVEPOINT' && end > start + 2 ? start + 2 : start + 1)
    case 'ROLLBACK':
      return rolledBackTo(word, name, start)
    case 'FETCH':
    case 'MOVE':
      // After all that tells how far: the cursor is the last word.
      return name(end - 1) === start ? undefined : name(end - 1)
    default:
      return undefined
  }
}

/** `ROLLBACK [WORK | TRANSACTION] TO [SAVEPOINT] a`. */
function rolledBackTo(
  word: (at: number) => string,
  name: (at: number) => number | undefined,
  start: number,
): number | undefined {
  let at = start + 1
  if (word(at) === 'WORK' || word(at) === 'TRANSACTION') at++
  if (word(at) !== 'TO') return undefined
  at++
  return name(word(at) === 'SAVEPOINT' && name(at + 1) !== undefined ? at + 1 : at)
}

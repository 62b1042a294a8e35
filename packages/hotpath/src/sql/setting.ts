import { Kind } from './dialect.js'
import type { Tokens } from './scan.js'

/**
 * `SET search_path TO tenant_17`, `SET ROLE ann`, `SET TIME ZONE rome`, `ALTER ROLE .. SET a = b`:
 * values stand there without quotes. In each statement of the text they become one `?`.
 */
export function dropSettings(tokens: Tokens): void {
  const { kinds, texts, spaced, data } = tokens
  if (!texts.some(text => /^set$/i.test(text))) return
  const words = texts.map((text, at) => (kinds[at] === Kind.word ? text.toUpperCase() : text))
  let kept = 0
  for (let start = 0; start < words.length; ) {
    let end = words.indexOf(';', start)
    if (end < 0) end = words.length
    const value = valueAt(words.slice(start, end))
    for (let at = start; at < Math.min(end + 1, words.length); at++) {
      const dropped = value !== undefined && at >= start + value && at < end
      if (dropped) data.text(texts[at] as string, 0, (texts[at] as string).length, 256)
      if (dropped && at > start + value) continue
      kinds[kept] = dropped ? Kind.rest : (kinds[at] as Kind)
      texts[kept] = dropped ? '?' : (texts[at] as string)
      spaced[kept] = dropped || (spaced[at] as boolean)
      kept++
    }
    start = end + 1
  }
  kinds.length = texts.length = spaced.length = kept
}

/** Where in one statement the value of a setting starts; undefined when none is set. */
function valueAt(words: readonly string[]): number | undefined {
  const [verb] = words
  const set = words.indexOf('SET')
  const routine = words.slice(0, 5).some(word => word === 'FUNCTION' || word === 'PROCEDURE')
  if (set < 0 || !(verb === 'SET' || verb === 'ALTER' || (verb === 'CREATE' && routine))) return
  let at = set + 1
  if (words[at] === 'LOCAL' || words[at] === 'SESSION') at++
  if (words[at] === 'TIME' && words[at + 1] === 'ZONE') return inside(at + 2, words)
  if (/^(?:ROLE|AUTHORIZATION|NAMES|SCHEMA)$/.test(words[at] ?? '')) return inside(at + 1, words)
  const sign = words.findIndex((word, index) => index >= at && (word === '=' || word === 'TO'))
  return sign < 0 ? undefined : inside(sign + 1, words)
}

const inside = (at: number, words: readonly string[]): number | undefined =>
  at < words.length ? at : undefined

import { mysql } from './mysql.js'
import { HARMLESS_CALLS } from './known-calls.js'
import { templateOf } from './template.js'

/**
 * What a statement does, as far as its words tell, where nobody can be asked what the names in it stand for:
 *
 * - `reads`: nothing but that, for certain;
 * - `begins`, `ends`: a transaction; `ends` perhaps with a write;
 * - `sets`: the session, or a point to go back to;
 * - `changes`: tables, types or functions, or nobody knows what;
 * - `writes`: all others.
 */
export type Doing = 'reads' | 'begins' | 'ends' | 'sets' | 'changes' | 'writes'

const READS = /^(?:select|with|values|table|show|describe|desc|explain)$/
const WRITES =
  /^(?:insert|update|delete|replace|merge|copy|lock|unlock|load|notify|analyze|optimize)$/
const SETS = /^(?:set|use|savepoint|release|reset|listen|unlisten|deallocate|kill|flush|close)$/
/** Somewhere in what begins like a reading: data-changing WITH, EXPLAIN ANALYZE, SELECT INTO, FOR UPDATE. */
const HIDDEN = /\b(?:insert|update|delete|merge|into|analyze|call|execute|procedure)\b(?!\s*\()/i
/** MySQL runs what is in such a comment. */
const RUN_COMMENT = /\/\*M?!/

/** Whether it gives rows, also where it writes: RETURNING, or a function of the app in a SELECT. */
export const givesRows = (text: string): boolean => ROWS.test(text)

const ROWS = /^[\s(]*(?:select|with|values|table|show|explain|fetch|call|execute)\b|\breturning\b/i

export function doingOf(text: string, system: 'postgresql' | 'mysql'): Doing {
  if (system === 'mysql' && RUN_COMMENT.test(text)) return 'changes'
  // By a setting that we do not see a backslash does or does not escape: then words in strings count too.
  const plain = !text.includes('\\')
  const words = plain
    ? (system === 'mysql' ? templateOf(text, mysql) : templateOf(text)).text
    : text
  const parts = words.split(';').filter(part => part.trim() !== '')
  const doings = parts.map(part => doingOfOne(part, text))
  if (doings.length === 1) return doings[0] ?? 'changes'
  // Of several in one text only what is certain of all of them.
  if (doings.length > 0 && doings.every(doing => doing === 'reads')) return 'reads'
  return doings.includes('changes') || doings.length === 0 ? 'changes' : 'writes'
}

function doingOfOne(part: string, text: string): Doing {
  const [first = '', second = ''] = part.toLowerCase().match(/[a-z_]+/g) ?? []
  if (READS.test(first)) return HIDDEN.test(part) || callsUnknown(part) ? 'writes' : 'reads'
  if (WRITES.test(first)) return 'writes'
  if (first === 'begin' || (first === 'start' && second === 'transaction')) return 'begins'
  if (first === 'commit' || first === 'end' || first === 'abort') return 'ends'
  if (first === 'rollback') return /\bto\b/i.test(part) ? 'sets' : 'ends'
  // Values of settings are not in the template.
  if (SETS.test(first)) return callsUnknown(text) ? 'writes' : 'sets'
  return 'changes'
}

function callsUnknown(part: string): boolean {
  // What is a string for us may be a name by a setting that we do not see.
  if (/\?\s*\(/.test(part)) return true
  for (const [, name = ''] of part.matchAll(/([A-Za-z_][\w$]*)["`]?\s*\(/g))
    if (!HARMLESS_CALLS.has(name.toLowerCase())) return true
  return false
}

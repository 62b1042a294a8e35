import { type Token, tokens } from './tokens.js'

export type Operation = 'select' | 'insert' | 'update' | 'delete' | 'other'

/** What a detector wants to know of a statement, as far as it can be read without the database. */
export interface Reading {
  readonly operation: Operation
  /** The statement with `?` for each literal: equal for statements that differ in literals only. */
  readonly template: string
  /** The literals in order, to tell equal calls from different ones; empty when there are none. */
  readonly literals: string
  /** True when data comes from outside: a parameter, or a literal that a template took out. */
  readonly hasParameters: boolean
  /** The first table, as written. */
  readonly table?: string
  /** Columns that are compared with one value by `=`, as written. */
  readonly equals: readonly string[]
  /** True when many values go in at once: `= any($1)`, `in ($1, $2)`, `unnest($1)`, `values (..), (..)`. */
  readonly takesMany: boolean
  /** True when it reads on from where the last read stopped: `limit` with `offset` or with `id > $1`. */
  readonly pages: boolean
  /** True when it says how many rows come at most. */
  readonly limited: boolean
  /** True for a read that locks what it reads: the next one reads something else. */
  readonly locks: boolean
  /** True for a read of one table by equality, without grouping, limit or sub-select. */
  readonly plain: boolean
}

/** Statements of one API: some hundreds. When full it starts anew, which costs 20 us a statement. */
const memo = new Map<string, Reading>()
const memoSize = 2_000

/**
 * Reads a statement.
 *
 * @example
 * reading('select street from addresses where user_id = $1')
 * // { operation: 'select', table: 'addresses', equals: ['user_id'], plain: true, ... }
 */
export function reading(text: string): Reading {
  const known = memo.get(text)
  if (known) return known
  if (memo.size >= memoSize) memo.clear()
  const made = read(text)
  memo.set(text, made)
  return made
}

function read(text: string): Reading {
  const list = tokens(text)
  const words = list.map(token => (token.kind === 'word' ? token.text.toLowerCase() : token.text))
  const has = (word: string) => words.includes(word)
  const operation = operationOf(words)
  const equals = comparedWith(list, /^=$/)
  const limited = has('limit') || has('fetch') || has('top')
  const table = tableOf(list, words)
  return {
    operation,
    template: templateOf(list),
    literals: list.flatMap(token => (token.kind === 'literal' ? [token.text] : [])).join('\u0000'),
    hasParameters: list.some(token => token.kind === 'parameter'),
    ...(table === undefined ? {} : { table }),
    equals,
    takesMany: takesMany(list, words, operation),
    locks: words.some(
      (word, i) => word === 'for' && /^(?:update|share|no|key)$/.test(words[i + 1] ?? ''),
    ),
    limited,
    pages: limited && (has('offset') || comparedWith(list, /^[<>]=?$/).length > 0),
    plain:
      operation === 'select' &&
      words[0] === 'select' &&
      equals.length > 0 &&
      !limited &&
      words.filter(word => word === 'select').length === 1 &&
      !['join', 'group', 'having', 'union', 'distinct', 'offset', 'or', 'for'].some(has) &&
      !words.slice(words.indexOf('from'), words.indexOf('where')).includes(','),
  }
}

/** The statement's verb; behind `with ... as (...)` it is the first one outside of parentheses. */
function operationOf(words: readonly string[]): Operation {
  let depth = 0
  for (const word of words) {
    if (word === '(') depth++
    else if (word === ')') depth--
    else if (depth > 0) continue
    else if (word === 'select' || word === 'insert' || word === 'update' || word === 'delete')
      return word
    else if (word !== 'with' && words[0] !== 'with') return 'other'
  }
  return words[0] === '(' && words[1] === 'select' ? 'select' : 'other'
}

function templateOf(list: readonly Token[]): string {
  let out = ''
  let before: Token | undefined
  for (const token of list) {
    const text = token.kind === 'literal' ? '?' : token.text
    const touches = !before || before.at + before.text.length === token.at
    out += touches ? text : ` ${text}`
    before = token
  }
  return out
}

const introduces = new Set(['from', 'into', 'update', 'join'])

function tableOf(list: readonly Token[], words: readonly string[]): string | undefined {
  const at = words.findIndex(
    (word, i) => introduces.has(word) && isName(list[i + 1]) && words[i + 1] !== 'only',
  )
  return at < 0 ? undefined : qualified(list, at + 1)
}

/** `shop."Orders"`, from its first part on. */
function qualified(list: readonly Token[], at: number): string {
  let text = list[at]?.text ?? ''
  for (let i = at + 1; list[i]?.text === '.' && isName(list[i + 1]); i += 2)
    text += `.${list[i + 1]?.text}`
  return text
}

/** Columns that stand before a comparison by `operator` with one value; never those of an UPDATE's SET. */
function comparedWith(list: readonly Token[], operator: RegExp): string[] {
  const columns: string[] = []
  let comparing = false
  list.forEach((token, i) => {
    if (token.kind === 'word' && /^(where|on|having)$/i.test(token.text)) comparing = true
    if (!comparing || token.kind !== 'sign' || !operator.test(token.text)) return
    const value = list[i + 1]
    const column = list[i - 1]
    if (value && (value.kind === 'parameter' || value.kind === 'literal') && isName(column))
      columns.push(column?.text ?? '')
  })
  return columns
}

const spreads = new Set(['unnest', 'json_to_recordset', 'jsonb_to_recordset'])

function takesMany(
  list: readonly Token[],
  words: readonly string[],
  operation: Operation,
): boolean {
  return words.some((word, i) => {
    if (operation === 'insert' && word === ')' && words[i + 1] === ',' && words[i + 2] === '(')
      return words.indexOf('values') >= 0 && words.indexOf('values') < i
    if (words[i + 1] !== '(') return false
    if (word === 'any' || word === 'all') return words[i + 2] !== 'select'
    const inside = list[i + 2]?.kind
    if (word === 'in') return inside === 'parameter' || inside === 'literal'
    return spreads.has(word)
  })
}

function isName(token: Token | undefined): boolean {
  return token?.kind === 'word' || token?.kind === 'name'
}

import type { Dialect } from '../../sql/dialect.js'
import { mysql } from '../../sql/mysql.js'
import { postgresql } from '../../sql/postgresql.js'
import { templateOf } from '../../sql/template.js'
import { pathTemplate } from '../../trace/path-template.js'
import type { Reading } from './conventions.js'

/** Names of `db.system.name`, and of `db.system` before, whose language we read. */
const DIALECTS: ReadonlyMap<unknown, Dialect> = new Map([
  ['postgresql', postgresql],
  ['cockroachdb', postgresql],
  ['mysql', mysql],
  ['mariadb', mysql],
])

const SQL =
  /^\s*(?:select|insert|update|delete|with|merge|replace|create|alter|drop|truncate|begin|commit|rollback|set|copy|call|values|table|show|explain|savepoint|release)\b/i
const SQL_NAME =
  /^\s*(?:select\b.*\bfrom|insert\s+into|replace\s+into|update\b.*\bset|delete\s+from|with\b.*\bas)\b/is
const NAME = /^[\p{L}\p{N}_.:\-/$*+ ()<>,[\]{}#|]{1,200}$/u
const HOST = /^[\p{L}\p{N}_.:\-/[\]%]{1,255}$/u
const URL_IN_TEXT = /[a-z][a-z\d+.-]{0,20}:\/\/[^\s"'<>]*/gi
const USER_IN_TEXT = /[^\s/:@"']{1,100}:[^\s/@"']{1,200}@/g
const DATA = '?'

export const isReadable = (system: unknown): boolean => DIALECTS.has(system)

/** What may leave of a text; undefined: nothing. `system` is the span's database. */
export function cleaned(
  text: string,
  reading: Reading | 'own',
  system: unknown,
): string | undefined {
  switch (reading) {
    case 'own':
      return withoutUrls(text)
    case 'name':
      return text.includes('://') ? urlTemplate(text) : NAME.test(text) ? text : undefined
    case 'summary':
      return spanName(text, system)
    case 'path':
      return pathTemplate(text)
    case 'url':
      return urlTemplate(text)
    case 'host':
      return hostIn(text)
    case 'statement': {
      const dialect = DIALECTS.get(system)
      return dialect !== undefined && SQL.test(text) ? templateOf(text, dialect).text : undefined
    }
  }
}

/**
 * A span's name without paths' ids, queries, literals of statements and what else looks like data. Of
 * a database whose language we do not read only the first word stays, which is the command.
 */
export function spanName(name: string, system: unknown): string {
  const dialect = DIALECTS.get(system)
  if (SQL_NAME.test(name)) {
    return dialect === undefined ? firstWord(name) : templateOf(name, dialect).text
  }
  if (system !== undefined && dialect === undefined) return firstWord(name)
  const data = name.search(/["'`{]/)
  const words = (data < 0 ? name : name.slice(0, data)).split(/(\s+)/)
  if (data >= 0) words[words.length - 1] = DATA
  return words.map(word => (/\S/.test(word) ? plainWord(word) : word)).join('')
}

function plainWord(word: string): string {
  if (word.includes('://')) return urlTemplate(word) ?? DATA
  if (word.includes('/')) {
    const template = pathTemplate(word)
    return word.startsWith('/') ? template : template.slice(1)
  }
  if (/[=@%&?;]/.test(word)) return DATA
  // `UserService.find`, `job:17`: piece by piece.
  return word.replace(/[^.:]+/g, piece => (isData(piece) ? DATA : piece))
}

function isData(piece: string): boolean {
  if (!/^[\w~-]+$/.test(piece)) return /\d{3}/.test(piece)
  // A long name made of words is one all the same.
  const looked = /\d/.test(piece) ? piece : piece.slice(0, 32)
  return pathTemplate(looked) !== `/${looked}`
}

function firstWord(name: string): string {
  return /^\s*([A-Za-z][\w.:-]{0,63})(?:\s|$)/.exec(name)?.[1] ?? DATA
}

/** Scheme, host and the path with its ids replaced; no credentials, no query. */
function urlTemplate(text: string): string | undefined {
  try {
    const { protocol, host, pathname } = new URL(text)
    return `${protocol}//${host}${pathname === '' ? '' : pathTemplate(pathname)}`
  } catch {
    return undefined
  }
}

function hostIn(text: string): string | undefined {
  if (text.includes('://')) {
    try {
      return new URL(text).hostname
    } catch {
      return undefined
    }
  }
  return HOST.test(text) ? text : undefined
}

function withoutUrls(text: string): string {
  const plain = text.includes('://')
    ? text.replace(URL_IN_TEXT, url => urlTemplate(url) ?? DATA)
    : text
  return plain.includes('@') ? plain.replace(USER_IN_TEXT, '') : plain
}

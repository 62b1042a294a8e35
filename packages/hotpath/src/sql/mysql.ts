import { type Dialect, Kind, type Piece } from './dialect.js'

/**
 * How MySQL and MariaDB read text (MySQL's manual, 11.1 and 11.7): '..' and ".." are strings in which a
 * backslash escapes, `name`, `#` and `-- ` begin a comment to the end of the line. BigQuery, Spanner,
 * Hive and Spark agree. With ANSI_QUOTES, which we cannot see, ".." is a name: then it is lost, not a value.
 */
export const mysql: Dialect = { system: 'mysql', special }

const QUOTE = 39
const DOUBLE_QUOTE = 34
const BACKTICK = 96
const BACKSLASH = 92

function special(text: string, at: number, piece: Piece): boolean {
  const code = text.charCodeAt(at)
  const next = text.charCodeAt(at + 1)
  switch (code) {
    case QUOTE:
    case DOUBLE_QUOTE:
      return string(text, at, code, piece)
    case BACKTICK:
      return quotedName(text, at, piece)
    case 35: // #
      return lineComment(text, at, piece)
    case 45: // - and MySQL asks for a blank behind the second one.
      return next === 45 && !(text.charCodeAt(at + 2) > 32) && lineComment(text, at, piece)
    case 47: // /
      return next === 42 && blockComment(text, at, piece)
    case 66: // B
    case 98:
    case 78: // N
    case 110:
    case 82: // R
    case 114:
    case 88: // X
    case 120:
      return (next === QUOTE || next === DOUBLE_QUOTE) && string(text, at + 1, next, piece)
    default:
      return false
  }
}

function string(text: string, open: number, quote: number, piece: Piece): true {
  piece.quoted = true
  for (let at = open + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === BACKSLASH) at++
    else if (code === quote && text.charCodeAt(at + 1) === quote) at++
    else if (code === quote) return take(piece, Kind.literal, at + 1)
  }
  return take(piece, Kind.rest, text.length)
}

function quotedName(text: string, open: number, piece: Piece): true {
  for (let at = open + 1; ; at += 2) {
    at = text.indexOf('`', at)
    if (at < 0) return take(piece, Kind.rest, text.length)
    if (text.charCodeAt(at + 1) !== BACKTICK) return take(piece, Kind.name, at + 1)
  }
}

function lineComment(text: string, at: number, piece: Piece): true {
  const end = text.indexOf('\n', at)
  return take(piece, Kind.blank, end < 0 ? text.length : end)
}

/** They do not nest; `/*!` and `/*+` hold code and hints, and go as well. */
function blockComment(text: string, at: number, piece: Piece): true {
  const end = text.indexOf('*/', at + 2)
  return end < 0 ? take(piece, Kind.rest, text.length) : take(piece, Kind.blank, end + 2)
}

function take(piece: Piece, kind: Kind, end: number): true {
  piece.kind = kind
  piece.end = end
  return true
}

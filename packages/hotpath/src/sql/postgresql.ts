import { type Dialect, Kind, type Piece } from './dialect.js'
import { isDigit, isWordPart, isWordStart } from './characters.js'

/**
 * How PostgreSQL reads text (its manual, 4.1 Lexical Structure): '..', E'..', U&'..', B'..', X'..',
 * N'..', $tag$..$tag$, "name", U&"name", $1, -- and nested comments.
 */
export const postgresql: Dialect = { system: 'postgresql', special }

const QUOTE = 39
const DOUBLE_QUOTE = 34
const BACKSLASH = 92

function special(text: string, at: number, piece: Piece): boolean {
  switch (text.charCodeAt(at)) {
    case QUOTE:
      return plainString(text, at, piece)
    case DOUBLE_QUOTE:
      return quotedName(text, at, piece)
    case 36: // $
      return dollar(text, at, piece)
    case 45: // -
      return text.charCodeAt(at + 1) === 45 && lineComment(text, at, piece)
    case 47: // /
      return text.charCodeAt(at + 1) === 42 && blockComment(text, at, piece)
    case 66: // B
    case 98:
    case 78: // N
    case 110:
    case 88: // X
    case 120:
      return text.charCodeAt(at + 1) === QUOTE && plainString(text, at + 1, piece)
    case 69: // E
    case 101:
      return text.charCodeAt(at + 1) === QUOTE && escapeString(text, at + 1, piece)
    case 85: // U
    case 117:
      if (text.charCodeAt(at + 1) !== 38) return false
      if (text.charCodeAt(at + 2) === QUOTE) return plainString(text, at + 2, piece)
      return text.charCodeAt(at + 2) === DOUBLE_QUOTE && quotedName(text, at + 2, piece)
    default:
      return false
  }
}

/**
 * With standard_conforming_strings off, which we cannot see, a backslash escapes the next character.
 * Both readings find the same end unless an odd number of backslashes stands before a quote.
 */
function plainString(text: string, open: number, piece: Piece): true {
  for (let at = open + 1; ; at += 2) {
    at = text.indexOf("'", at)
    if (at < 0) return unreadable(text, piece)
    if (backslashesBefore(text, at, open) % 2 === 1) return rest(text, piece)
    if (text.charCodeAt(at + 1) !== QUOTE) return string(at + 1, piece)
  }
}

function escapeString(text: string, open: number, piece: Piece): true {
  for (let at = open + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === BACKSLASH) at++
    else if (code === QUOTE && text.charCodeAt(at + 1) === QUOTE) at++
    else if (code === QUOTE) return string(at + 1, piece)
  }
  return unreadable(text, piece)
}

function quotedName(text: string, open: number, piece: Piece): true {
  for (let at = open + 1; ; at += 2) {
    at = text.indexOf('"', at)
    if (at < 0) return rest(text, piece)
    if (text.charCodeAt(at + 1) === DOUBLE_QUOTE) continue
    piece.kind = Kind.name
    piece.end = at + 1
    return true
  }
}

/** `$1`, or `$$..$$`, or `$tag$..$tag$`. PostgreSQL has at most 65,535 parameters: longer numbers are data. */
function dollar(text: string, at: number, piece: Piece): boolean {
  let end = at + 1
  if (isDigit(text.charCodeAt(end))) {
    while (isDigit(text.charCodeAt(end))) end++
    piece.kind = end - at <= 6 ? Kind.parameter : Kind.literal
    piece.end = end
    return true
  }
  if (isWordStart(text.charCodeAt(end))) {
    while (isWordPart(text.charCodeAt(end)) && text.charCodeAt(end) !== 36) end++
  }
  if (text.charCodeAt(end) !== 36) return false
  const close = text.indexOf(text.slice(at, end + 1), end + 1)
  if (close < 0) return rest(text, piece)
  piece.kind = Kind.literal
  piece.end = close + (end + 1 - at)
  return true
}

function lineComment(text: string, at: number, piece: Piece): true {
  while (at < text.length && text.charCodeAt(at) !== 10 && text.charCodeAt(at) !== 13) at++
  piece.kind = Kind.blank
  piece.end = at
  return true
}

function blockComment(text: string, at: number, piece: Piece): true {
  for (let depth = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    const next = text.charCodeAt(at + 1)
    if (code === 47 && next === 42) depth++
    else if (code === 42 && next === 47) depth--
    else continue
    at++
    if (depth > 0) continue
    piece.kind = Kind.blank
    piece.end = at + 1
    return true
  }
  return rest(text, piece)
}

function backslashesBefore(text: string, at: number, open: number): number {
  let from = at
  while (from - 1 > open && text.charCodeAt(from - 1) === BACKSLASH) from--
  return at - from
}

function string(end: number, piece: Piece): true {
  piece.kind = Kind.literal
  piece.end = end
  piece.quoted = true
  return true
}

/** A string of which we do not know where it ends: then neither do we know where earlier ones did. */
function unreadable(text: string, piece: Piece): true {
  piece.quoted = true
  return rest(text, piece)
}

function rest(text: string, piece: Piece): true {
  piece.kind = Kind.rest
  piece.end = text.length
  return true
}

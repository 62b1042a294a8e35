/** Deeper paths end in `/*`: with segments of at most 32 characters a template stays under 350. */
const MAX_SEGMENTS = 10
/** Hand-written segments are shorter; what is longer is a token, a slug or a text. */
const MAX_SEGMENT = 32

/**
 * A guess at the route behind a path, where no framework names it: what looks like a value becomes
 * `:id`. Query and fragment go, empty segments too. Bounded in length; 0.3 us; never throws.
 *
 * A value is: a number; anything with three digits or more (`order-1234`, most random ids, UUIDs,
 * dates); hexadecimal from 8 characters up with a digit in it; 16 characters and more with a
 * digit and a capital (base64, ULID), with a digit and no separator, or with capitals that are not
 * those of words put together (`getUserAccountDetails` stays); 24 and more in one piece; an e-mail address, and anything percent-encoded or with other
 * characters than letters, digits and `-._~:`; anything over 32 characters. Words stay, so a name
 * in a path (`/users/ann`) is not recognised: only a framework's route can tell.
 *
 * @param path The target of a request: `/a/b?c=d`, also `http://host/a/b` and `*`.
 * @example
 * pathTemplate('/users/42/orders?page=2') // '/users/:id/orders'
 */
export function pathTemplate(path: string): string {
  if (path === '*') return '*'
  let template = ''
  let segments = 0
  const end = pathEnd(path)
  for (let at = pathStart(path, end); at < end; ) {
    let stop = path.indexOf('/', at)
    if (stop < 0 || stop > end) stop = end
    if (stop > at) {
      if (++segments > MAX_SEGMENTS) return `${template}/*`
      template += isValue(path, at, stop) ? '/:id' : `/${path.slice(at, stop)}`
    }
    at = stop + 1
  }
  return template === '' ? '/' : template
}

function pathEnd(path: string): number {
  const query = path.indexOf('?')
  const fragment = path.indexOf('#')
  const end = query < 0 ? path.length : query
  return fragment >= 0 && fragment < end ? fragment : end
}

/** Behind scheme and host, when the target has the absolute form that proxies send. */
function pathStart(path: string, end: number): number {
  if (path.charCodeAt(0) === 47) return 0
  const scheme = path.indexOf('://')
  if (scheme < 0 || scheme > 10) return 0
  const slash = path.indexOf('/', scheme + 3)
  return slash < 0 || slash > end ? end : slash
}

function isValue(path: string, from: number, to: number): boolean {
  const length = to - from
  if (length > MAX_SEGMENT) return true
  let digits = 0
  let hexadecimal = 0
  let upper = 0
  for (let at = from; at < to; at++) {
    const code = path.charCodeAt(at)
    if (code >= 48 && code <= 57) digits++
    else if (code >= 65 && code <= 90) upper++
    else if (!(code >= 97 && code <= 122) && !isMark(code) && !(code === 42 && length === 1)) {
      return true
    }
    const letter = code | 32
    if (letter >= 97 && letter <= 102 && code >= 65) hexadecimal++
  }
  if (digits === 0) return length >= 16 && isRandom(path.slice(from, to))
  if (digits >= 3 || digits === length) return true
  if (length >= 8 && digits + hexadecimal === length) return true
  return length >= 16 && (upper > 0 || longestPiece(path.slice(from, to)) >= 16)
}

/**
 * Whether letters alone are no words. One in a thousand random texts with capitals looks like words
 * put together: those have three letters each on average, a vowel in each of three and more, and
 * no five consonants in a row.
 */
function isRandom(text: string): boolean {
  if (!/[A-Z]/.test(text)) return longestPiece(text) >= 24
  if (!/[a-z]/.test(text)) return longestPiece(text) >= 16
  const words = text.match(/[A-Z]?[a-z]+|[A-Z]/g) ?? []
  const letters = words.reduce((sum, word) => sum + word.length, 0)
  return letters < 3 * words.length || !words.every(isWordLike)
}

function isWordLike(word: string): boolean {
  if (word.length < 2 || word.length >= 24) return false
  return (word.length < 3 || /[aeiouy]/i.test(word)) && !/[^aeiouy]{5}/i.test(word)
}

/** Characters of the longest piece between `-`, `.`, `:`, `_` and `~`. */
function longestPiece(text: string): number {
  return Math.max(...text.split(/[-.:_~]/).map(piece => piece.length))
}

/** `-` `.` `:` `_` `~` */
const isMark = (code: number): boolean =>
  code === 45 || code === 46 || code === 58 || code === 95 || code === 126

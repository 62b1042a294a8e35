/** A word, a `"quoted name"`, a literal, a parameter, or one sign. */
export interface Token {
  readonly kind: 'word' | 'name' | 'literal' | 'parameter' | 'sign'
  readonly text: string
  /** Place in the text, so that a statement can be rewritten around it. */
  readonly at: number
}

/** Longer statements are machine-made; what is judged of them stands at the start. */
const maxRead = 20_000

/**
 * Comments and white space, then in order of the groups: string literals (also `E''`, `$tag$`),
 * names in quotes, parameters (`$1`, `?`, `:name`, `@name`, `%s`, `%(name)s`), numbers, words, signs.
 * Every alternative begins with another character or is anchored, so that it takes linear time.
 */
const pattern =
  /(?:--[^\n]*|\/\*[^]*?(?:\*\/|$)|\s+)|((?:[eEbBxX]|[uU]&)?'(?:[^'\\]|''|\\[^])*(?:'|$)|\$([a-zA-Z_]\w*)?\$[^]*?(?:\$\2\$|$))|("(?:[^"]|"")*(?:"|$)|`[^`]*(?:`|$))|(\$\d+|\?(?![|&])|(?<!:):[a-zA-Z_]\w*|@\w+|%s|%\(\w+\)s)|(\d[\w.]*)|([\p{L}_][\p{L}\p{N}_$]*)|([<>=!~]+|::|[^])/uy

/**
 * The tokens of a statement, in order. A reading, not a parser: it serves to compare statements and to
 * find tables and columns in plain ones, and whoever asks must be content with "not plain".
 */
export function tokens(text: string): Token[] {
  const read = text.length > maxRead ? text.slice(0, maxRead) : text
  const found: Token[] = []
  pattern.lastIndex = 0
  for (let match = pattern.exec(read); match; match = pattern.exec(read)) {
    const [, string, , name, parameter, number, word, sign] = match
    const at = match.index
    if (string !== undefined) found.push({ kind: 'literal', text: string, at })
    else if (name !== undefined) found.push({ kind: 'name', text: name, at })
    else if (parameter !== undefined) found.push({ kind: 'parameter', text: parameter, at })
    else if (number !== undefined) found.push({ kind: 'literal', text: number, at })
    else if (word !== undefined) found.push({ kind: 'word', text: word, at })
    else if (sign !== undefined) found.push({ kind: 'sign', text: sign, at })
  }
  return found
}

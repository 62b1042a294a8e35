/** Classes of characters by their UTF-16 code; NaN, as `charCodeAt` gives past the end, is in none. */

export const isDigit = (code: number): boolean => code >= 48 && code <= 57

/** Letters, `_`, and all that is not ASCII, as PostgreSQL and MySQL have it. */
export const isWordStart = (code: number): boolean =>
  (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95 || code >= 128

export const isWordPart = (code: number): boolean =>
  isWordStart(code) || isDigit(code) || code === 36

/** Blank, tab, line feed, vertical tab, form feed, carriage return. */
export const isBlank = (code: number): boolean => code === 32 || (code >= 9 && code <= 13)

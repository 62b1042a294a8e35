/** What a piece of a statement is. Numbers, since the scanner compares them for each piece. */
export const Kind = {
  /** Keyword or plain identifier. */
  word: 1,
  /** Quoted identifier: kept as it is. */
  name: 2,
  /** Everything that is data: becomes `?`. */
  literal: 3,
  /** `$1`: kept. */
  parameter: 4,
  /** One character of an operator or of punctuation. */
  sign: 5,
  /** White space or a comment: becomes one blank. */
  blank: 6,
  /** The rest of the text cannot be read with certainty: all of it becomes `?`. */
  rest: 7,
} as const
export type Kind = (typeof Kind)[keyof typeof Kind]

/** The piece that was read last. One object for a whole text: no allocation per piece. */
export interface Piece {
  kind: Kind
  /** Index after its last character. */
  end: number
  /** True for a string whose end can be told only when all strings of the text were closed. */
  quoted: boolean
}

/** What differs between databases in how text is read: strings, quoted names, comments, parameters. */
export interface Dialect {
  /** OpenTelemetry's `db.system.name`. */
  readonly system: string
  /**
   * Reads the string, quoted name, comment or parameter that starts at `at`, if one does.
   * Returns false, and leaves `piece` alone, when the general scanner shall read it.
   */
  special(text: string, at: number, piece: Piece): boolean
}

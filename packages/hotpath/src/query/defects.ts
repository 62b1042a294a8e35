/**
 * Defects that the verifier plants one at a time, to show that it would find them
 * (`npm run verify batch -- --mutant NAME`). All off, always, outside of it.
 */
export interface Defects {
  /** The rewritten statement has no OFFSET 0. */
  readonly noFence?: boolean
  /** The type of char(n) is named as format_type names it. */
  readonly charOne?: boolean
  /** A write does not drop what was fetched before it. */
  readonly noFlush?: boolean
  /** Two answers for one key share their rows. */
  readonly sharedRows?: boolean
}

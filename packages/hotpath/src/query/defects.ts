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
  /** A write touches what it names and nothing that comes of it. */
  readonly noClosure?: boolean
  /** What a transaction writes is told at its statements, and not at COMMIT. */
  readonly earlyBump?: boolean
  /** An answer that a batch fetched tells nobody what it read. */
  readonly batchHandsNothing?: boolean
  /** What was read is kept, whatever was written meanwhile. */
  readonly noFillCheck?: boolean
  /** An answer from the cache tells nobody what it was made of. */
  readonly hitHandsNothing?: boolean
  /** Strict: the versions of the store are not asked for. */
  readonly noVersionCheck?: boolean
  /** Strict: a process that may be writing unseen is no obstacle. */
  readonly leaseIgnored?: boolean
  /** Strict: COMMIT goes out without a mark. */
  readonly noMarks?: boolean
  /** Who comes while another computes takes what that gets, whenever it began. */
  readonly naiveJoin?: boolean
}

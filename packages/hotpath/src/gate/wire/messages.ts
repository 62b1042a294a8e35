/**
 * Reads the messages of PostgreSQL's protocol 3 from chunks, which may be cut anywhere: one byte that says
 * which, four with the length of the rest. Only of those that are asked for the rest is kept.
 */
export class Messages {
  private rest: Buffer | undefined = undefined
  /** Bytes of a message that nobody asked for. */
  private skips = 0

  /**
   * @param wants Whether the body of this kind is of interest.
   * @param take Is given each message; of one that is too long the body is undefined.
   */
  constructor(
    private readonly wants: (kind: number) => boolean,
    private readonly take: (kind: number, body: Buffer | undefined) => void,
  ) {}

  read(chunk: Buffer): void {
    let bytes = this.rest === undefined ? chunk : Buffer.concat([this.rest, chunk])
    this.rest = undefined
    while (bytes.length > 0) {
      if (this.skips > 0) {
        const skipped = Math.min(this.skips, bytes.length)
        this.skips -= skipped
        bytes = bytes.subarray(skipped)
        continue
      }
      if (bytes.length < HEAD) break
      const kind = bytes[0] as number
      const length = bytes.readInt32BE(1) + 1
      if (length < HEAD) throw new Error('no message of PostgreSQL')
      if (!this.wants(kind) || length > MOST) {
        this.take(kind, undefined)
        this.skips = length
        continue
      }
      if (bytes.length < length) break
      this.take(kind, bytes.subarray(HEAD, length))
      bytes = bytes.subarray(length)
    }
    // A copy: the chunk's memory is the app's, or the socket's.
    if (bytes.length > 0) this.rest = Buffer.from(bytes)
  }
}

const HEAD = 5
/** A statement that is longer may do anything. */
const MOST = 1_000_000

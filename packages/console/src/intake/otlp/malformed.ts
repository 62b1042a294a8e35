/** What a request may hold. Far above what SDKs send (OpenTelemetry: 512 spans a request). */
export const limits = {
  /** Bytes of a request's body as it arrives. */
  bodyBytes: 8 * 1024 * 1024,
  /** Bytes of the body after gzip or deflate. */
  inflatedBytes: 24 * 1024 * 1024,
  spans: 50_000,
  points: 50_000,
  /** Messages and numbers in lists together: two bytes on the wire can cost a hundred in memory. */
  elements: 1_000_000,
  /** Lists in lists in attribute values. */
  depth: 16,
  attributes: 256,
  /** Characters of one attribute's value, and of a name. A longer one is cut, and counted. */
  textChars: 65_536,
  /** The same for the attributes of a metric's point, which are kept for as long as the series is. */
  keyChars: 8_192,
}

/** A request that cannot be taken in, and why. The whole of it is refused. */
export class Malformed extends Error {
  readonly status: 400 | 413 | 415

  constructor(message: string, status: 400 | 413 | 415 = 400) {
    super(message)
    this.status = status
  }
}

/** Counts what a request is made of, while it is read. */
export class Budget {
  #left = limits.elements

  get left(): number {
    return this.#left
  }

  take(count = 1): void {
    this.#left -= count
    if (this.#left < 0)
      throw new Malformed(
        `The request has more than ${limits.elements} elements. Send less at a time.`,
        413,
      )
  }
}

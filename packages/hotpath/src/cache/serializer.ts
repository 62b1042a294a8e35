/**
 * How values become bytes for a store, and again values. With a store, every caller is given what came
 * out of it, on a miss too: a Date that becomes text does so at the first call, and not in production at
 * the second.
 *
 *     import { pack, unpack } from 'msgpackr'
 *     createCache({ store, serializer: { serialize: pack, deserialize: unpack } })
 */
export interface Serializer {
  /** Text is stored as UTF-8. What it throws means: do not keep this value. */
  serialize(value: unknown): Uint8Array | string
  deserialize(bytes: Buffer): unknown
}

/** Dates become text, as in an answer of an API; what JSON does not know is left out. */
export const json: Serializer = {
  serialize: value => JSON.stringify(value),
  deserialize: bytes => JSON.parse(bytes.toString('utf8')) as unknown,
}

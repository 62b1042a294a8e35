import type { Tag } from '../cache/tags.js'
import type { Clock } from '../clock.js'
import { Entry } from './entry.js'
import type { Lifetime } from './judge.js'

/** An answer as bytes: length of the JSON u32, the JSON, the body. Times are milliseconds since 1970. */
interface Told {
  readonly format: 1
  readonly status: number
  readonly reason: string
  readonly fields: readonly string[]
  readonly lifetime: Lifetime
  readonly statements: number
  readonly route: string | null
  readonly begunMs: number
  readonly compressible: boolean
  readonly ids: readonly (readonly [name: string, id: string])[]
}

export function packAnswer(entry: Entry, ids: ReadonlyMap<string, string>, origin: number): Buffer {
  const { status, reason, fields, lifetime, reading, route, begunMs, compressible, body } = entry
  const told: Told = {
    format: 1,
    status,
    reason,
    fields,
    lifetime,
    statements: reading.statements,
    route: route ?? null,
    begunMs: begunMs + origin,
    compressible,
    ids: [...ids],
  }
  const json = Buffer.from(JSON.stringify(told))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(json.length)
  return Buffer.concat([length, json, body])
}

/** Undefined for what is none of ours. */
export function openAnswer(
  raw: Uint8Array,
):
  | { ids: ReadonlyMap<string, string>; entry(noted: Map<Tag, number>, clock: Clock): Entry }
  | undefined {
  try {
    const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)
    const end = 4 + bytes.readUInt32LE(0)
    const told = JSON.parse(bytes.toString('utf8', 4, end)) as Told
    if (told.format !== 1) return undefined
    const { status, reason, fields, lifetime, statements, route, compressible } = told
    return {
      ids: new Map(told.ids),
      entry(noted, { origin, now }) {
        // Another machine's clock may be ahead: nothing was begun later than now.
        const begunMs = Math.min(told.begunMs - origin, now())
        const head = { status, reason, fields }
        const reading = { noted, statements }
        // A copy: the client of the store may use its buffer again.
        const body = Buffer.from(bytes.subarray(end))
        return new Entry(
          head,
          body,
          lifetime,
          reading,
          route ?? undefined,
          begunMs,
          () => '',
          compressible,
        )
      },
    }
  } catch {
    return undefined
  }
}

import { createHash } from 'node:crypto'
import type { Finding, FindingKind } from '../model.js'

/** What a finding is by, in every run and on every machine: nothing of it moves with lines, data or time. */
export interface Entry {
  /** 8 hexadecimal digits, of kind, route and subject. */
  readonly id: string
  readonly kind: FindingKind
  readonly route: string
  readonly subject: string
}

/** The entry of a finding. Without its service: that is the name of whatever ran the tests. */
export function entryOf({ kind, route, subject }: Finding): Entry {
  const lasting = withoutPorts(subject)
  const about = JSON.stringify([kind, route, lasting])
  const id = createHash('sha256').update(about).digest('hex').slice(0, 8)
  return { id, kind, route, subject: lasting }
}

/** Servers of a suite take any free port: `GET 127.0.0.1:40123/prices/:id` is another in each run. */
function withoutPorts(subject: string): string {
  return subject.replace(
    /(?<![\w.:-])(localhost|127(?:\.\d{1,3}){3}|0\.0\.0\.0|\[?::1?\]?):\d+/g,
    '$1',
  )
}

/** By route, kind and subject, in the order of their characters: the same on every machine. */
export function inOrder<Of extends Entry>(entries: readonly Of[]): Of[] {
  const key = ({ route, kind, subject }: Entry): string => `${route}\0${kind}\0${subject}`
  return [...entries].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0))
}

import { wireOfOne, type Prepare } from './wire.js'

/**
 * Some values come from the database in one text and go back in another, since the driver makes
 * something of them in between: a bool comes as `t` and goes as `true`, a date comes as `2024-02-03`
 * and goes as its midnight in local time. What is here is what pg does by itself; where the app has a
 * parser of its own, its values are not found, and a loop over them is not followed.
 */
export interface AsSent {
  /** Whether a parameter looks like one of these: only then the rows are looked through. */
  readonly form: RegExp
  /** The text that goes; undefined: it is not known. */
  of(text: string, prepare: Prepare): string | undefined
}

const bool: AsSent = {
  form: /^(?:true|false)$/,
  of: text => (text === 't' ? 'true' : text === 'f' ? 'false' : undefined),
}

/** `1e-07` is 1e-7 in JavaScript. */
const float: AsSent = { form: /e[-+]\d+$/, of: text => String(Number(text)) }

/** As pg's `prepareValue` writes a Date, in local time or in UTC. */
const SENT_DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[-+]\d\d:\d\d$/
/** As PostgreSQL writes dates in DateStyle ISO; years before 100 and BC are not followed. */
const DATE =
  /^(\d{4})-(\d\d)-(\d\d)(?: (\d\d):(\d\d):(\d\d)(\.\d+)?(?:([-+])(\d\d)(?::(\d\d))?)?)?$/

const date: AsSent = {
  form: SENT_DATE,
  of(text, prepare) {
    const parsed = dateOf(text)
    const sent = parsed === undefined ? undefined : wireOfOne(parsed, prepare)
    return typeof sent === 'string' ? sent : undefined
  },
}

function dateOf(text: string): Date | undefined {
  const match = DATE.exec(text)
  if (match === null) return undefined
  const number = (group: number) => Number(match[group] ?? 0)
  if (number(1) < 100) return undefined
  const parts = [number(1), number(2) - 1, number(3), number(4), number(5), number(6)] as const
  // The driver drops what is below a millisecond.
  const ms = number(7) * 1_000
  if (match[8] === undefined) return new Date(...parts, ms)
  const offsetMs = (number(9) * 60 + number(10)) * 60_000
  return new Date(Date.UTC(...parts, ms) + (match[8] === '-' ? offsetMs : -offsetMs))
}

/** By oid: bool, float4, float8, date, timestamp, timestamptz. */
const KINDS: ReadonlyMap<number, AsSent> = new Map([
  [16, bool],
  [700, float],
  [701, float],
  [1082, date],
  [1114, date],
  [1184, date],
])

/** How values of this type go back; undefined: as they came. */
export function asSent(oid: number): AsSent | undefined {
  return KINDS.get(oid)
}

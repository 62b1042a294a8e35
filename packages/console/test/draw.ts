import { assemble } from '../dist/intake/assemble.js'
import type { AttributeValue, Span, SpanKind, Trace } from '../dist/model.js'

/** What a letter of a drawing stands for. */
export interface Drawn {
  readonly kind?: SpanKind
  readonly name?: string
  readonly service?: string
  readonly status?: Span['status']
  /** Milliseconds off the true time: what a clock that is behind writes. */
  readonly clockMs?: number
  readonly attributes?: Record<string, AttributeValue>
}

/** One column of a drawing, in milliseconds. */
export const columnMs = 10

/**
 * A trace from a drawing. Each line is a label, a bar, and for statements `sql: TEXT` with attributes
 * behind it; indentation is parenthood, a column of the bar is 10 ms, and each stretch of a bar's
 * signs is a span of its own:
 *
 *     GET /users   ==================     server
 *       users       ==                    select id from users
 *       address       == == == == ==      select street from addresses where user_id = $1  #*
 *
 * `#*` gives each span of the line other parameters, `#a` all the same, `#a,b` these in turn; `r=20`
 * the rows that came; `at=src/a.ts:7` the call site of the first span of the line. Lines that begin
 * with `wait` or `connect` are what the recorder draws so, `internal`, `consumer` and `server` kinds.
 * `call POST mail:80/mails` is a call out by HTTP.
 */
export function draw(picture: string, changes: Record<string, Drawn> = {}): Trace {
  return assemble(spansOf(picture, changes))
}

interface Line {
  readonly indent: number
  readonly spans: readonly Span[]
}

/** The spans of a drawing, not yet assembled. */
export function spansOf(picture: string, changes: Record<string, Drawn> = {}): Span[] {
  const above: Line[] = []
  const all: Span[] = []
  for (const line of picture.split('\n')) {
    if (line.trim() === '') continue
    const match = /^( *)(\S+(?: \S+)*?) {2,}([= ]*=)(?: +(\S.*?))?\s*$/.exec(line)
    if (!match) throw new Error(`cannot read the line: ${line}`)
    const [, blanks = '', label = '', , what = ''] = match
    while ((above.at(-1)?.indent ?? -1) >= blanks.length) above.pop()
    const parent = above.at(-1)
    const spans = stretches(line, barStart(line, label, picture)).map(([from, length], i) =>
      spanOf({
        label,
        what,
        i,
        from,
        length,
        parent,
        change: changes[label] ?? {},
        n: all.length + i,
      }),
    )
    above.push({ indent: blanks.length, spans })
    all.push(...spans)
  }
  return all
}

/** Bars begin in the same column in all lines: that of the first `=` of the first line. */
function barStart(line: string, label: string, picture: string): number {
  const first = picture.split('\n').find(one => one.trim() !== '') ?? ''
  const start = first.indexOf('=')
  if (line.indexOf('=') < start || line.indexOf(label) + label.length > start)
    throw new Error(`a bar begins before the first one: ${line}`)
  return start
}

function stretches(line: string, start: number): [from: number, length: number][] {
  const bar = /^[= ]*/.exec(line.slice(start))?.[0] ?? ''
  return [...bar.matchAll(/=+/g)].map(match => [match.index, match[0].length])
}

interface Part {
  readonly label: string
  readonly what: string
  readonly i: number
  readonly from: number
  readonly length: number
  readonly parent: Line | undefined
  readonly change: Drawn
  readonly n: number
}

function spanOf({ label, what, i, from, length, parent, change, n }: Part): Span {
  const sql = /^(select|insert|update|delete|with|begin|commit|set)\b/i.test(what)
  const kind =
    change.kind ??
    (sql || outgoing.test(what)
      ? 'client'
      : ((/^(server|consumer|client)/.exec(what)?.[0] ?? 'internal') as SpanKind))
  const startMs = from * columnMs + (change.clockMs ?? 0)
  const under = parentAt(parent, from)
  return {
    traceId: '1'.repeat(32),
    spanId: (n + 1).toString(16).padStart(16, '0'),
    ...(under ? { parentId: under.spanId } : {}),
    kind,
    name: change.name ?? label,
    service: change.service ?? under?.service ?? 'shop',
    instance: change.service ?? under?.instance ?? 'shop',
    startNs: 1_800_000_000_000_000_000n + BigInt(Math.round(startMs * 1e6)),
    durationNs: length * columnMs * 1e6,
    status: change.status ?? 'unset',
    attributes: { ...attributesOf(label, what, kind, i), ...change.attributes },
    links: [],
  }
}

/** The span of the line above that runs at the time, else its first. */
function parentAt(line: Line | undefined, from: number): Span | undefined {
  const ns = BigInt(from * columnMs) * 1_000_000n + 1_800_000_000_000_000_000n
  return (
    line?.spans.find(span => span.startNs <= ns && ns < span.startNs + BigInt(span.durationNs)) ??
    line?.spans[0]
  )
}

const outgoing = /^call ([A-Z]+) ([^\s:]+):(\d+)(\S*)/

function attributesOf(
  label: string,
  what: string,
  kind: SpanKind,
  i: number,
): Record<string, AttributeValue> {
  if (label === 'wait') return { 'hotpath.wait': 'connection' }
  if (label === 'connect') return { 'hotpath.connect': true }
  if (kind === 'server') {
    const [method = 'GET', route = '/'] = label.split(' ')
    return { 'http.request.method': method, 'http.route': route, 'http.response.status_code': 200 }
  }
  const [, method, host, port, path] = outgoing.exec(what) ?? []
  if (method !== undefined && host !== undefined && path !== undefined)
    return {
      'http.request.method': method,
      'server.address': host,
      'server.port': Number(port),
      'url.template': path,
    }
  if (kind !== 'client') return {}
  const hashes = / #(\S+)/.exec(what)?.[1]
  const rows = / r=(\d+)/.exec(what)?.[1]
  const site = / at=(\S+):(\d+)/.exec(what)
  const list = hashes?.split(',') ?? []
  return {
    'db.system.name': 'postgresql',
    'db.query.text': what.replace(/ +(#|r=|at=)\S+/g, '').trim(),
    ...(hashes === undefined
      ? {}
      : { 'hotpath.params.hash': hashes === '*' ? `h${i}` : (list[i % list.length] ?? '') }),
    ...(rows === undefined ? {} : { 'db.response.returned_rows': Number(rows) }),
    ...(site && i === 0
      ? { 'code.file.path': site[1] ?? '', 'code.line.number': Number(site[2]) }
      : {}),
  }
}

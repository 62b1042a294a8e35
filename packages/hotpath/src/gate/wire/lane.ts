import { type Elsewhere, elsewhere, type Source } from '../../cache/elsewhere.js'
import { type Doing, doingOf, givesRows } from '../../sql/doing.js'
import { caught } from '../../trace/counts.js'
import { AGAIN_MS } from '../mysql2-statements.js'
import { Messages } from './messages.js'

/** The app may replace the global timers; ours must be real. */
const { setTimeout } = globalThis

/** Prepared statements of one connection that are told apart. */
const MOST_PREPARED = 5_000

const [BIND, CALL, EXECUTE, PARSE, QUERY, SYNC] = ['B', 'F', 'E', 'P', 'Q', 'S'].map(letter =>
  letter.charCodeAt(0),
)
interface Statement {
  readonly doing: Doing
  readonly rows: boolean
}

/** Nobody knows what it does. */
const UNKNOWN: Statement = { doing: 'changes', rows: true }

const READY = 'Z'.charCodeAt(0)
const IDLE = 'I'.charCodeAt(0)
const ASKED = new Set([BIND, PARSE, QUERY])

/**
 * One connection to PostgreSQL, whoever speaks over it: what its statements read is noted as they are sent,
 * and what they may have written is told before the driver gets to see the answer.
 */
export class Lane {
  private readonly out: Messages
  private readonly in: Messages
  private readonly prepared = new Map<string, Statement>()
  private bound = UNKNOWN
  /** Answers that are to come. */
  private waits = 0
  /** Messages are sent that are done at the Sync behind them. */
  private unsynced = false
  private open = false
  /** Something was written that may not be committed yet, and what. */
  private written: 'writes' | 'changes' | undefined = undefined
  private sent = false
  /** The server has said that it may be asked. */
  private isReady = false
  /** Its messages could not be read. */
  private isLost = false

  constructor() {
    this.out = new Messages(
      kind => ASKED.has(kind),
      (kind, body) => this.sends(kind, body),
    )
    this.in = new Messages(
      kind => kind === READY,
      (kind, body) => this.hears(kind, body),
    )
  }

  /** It may be asked, it waits for nothing, and nothing waits to be committed. */
  get isIdle(): boolean {
    return (
      this.isReady && this.waits === 0 && !this.unsynced && !this.open && this.written === undefined
    )
  }

  /** True: statements are in it. */
  outgoing(chunk: Buffer): boolean {
    this.sent = this.isLost
    if (this.isLost) this.does(UNKNOWN)
    else this.contained(this.out, chunk)
    return this.sent
  }

  incoming(chunk: Buffer): void {
    // Before the driver sees any of it. Of a transaction that goes on this is too early, and harmless.
    this.tell()
    if (!this.isLost) this.contained(this.in, chunk)
  }

  /** What cannot be read may do anything, from now on. */
  private contained(messages: Messages, chunk: Buffer): void {
    try {
      messages.read(chunk)
    } catch {
      this.isLost = true
      this.does(UNKNOWN)
      caught('gate.wire')
    }
  }

  /** The connection is gone: what it was at may still be committed. */
  closed(): void {
    const { written } = this
    if (written === undefined) return
    this.tell()
    for (const afterMs of AGAIN_MS) setTimeout(() => this.source?.wrote(true), afterMs).unref()
  }

  private get source(): Source | undefined {
    const known: Elsewhere = elsewhere()
    return known.watched ? known.of('postgresql') : undefined
  }

  private sends(kind: number, body: Buffer | undefined): void {
    if (kind === QUERY || kind === SYNC || kind === CALL) this.waits++
    if (kind === PARSE || kind === BIND || kind === EXECUTE) this.unsynced = true
    else if (kind === SYNC) this.unsynced = false
    if (kind === QUERY) this.does(body === undefined ? UNKNOWN : statementOf(text(body)))
    else if (kind === CALL) this.does(UNKNOWN)
    else if (kind === PARSE) this.prepares(body)
    else if (kind === BIND) {
      const name = body && text(body.subarray(body.indexOf(0) + 1))
      this.bound = (name === undefined ? undefined : this.prepared.get(name)) ?? UNKNOWN
      this.does(this.bound)
    } else if (kind === EXECUTE) this.does(this.bound)
  }

  private prepares(body: Buffer | undefined): void {
    this.sent = true
    if (body === undefined) return this.prepared.clear()
    if (this.prepared.size >= MOST_PREPARED) this.prepared.clear()
    const end = body.indexOf(0)
    const name = body.toString('utf8', 0, end)
    this.prepared.set(name, statementOf(text(body.subarray(end + 1))))
  }

  private does({ doing, rows }: Statement): void {
    this.sent = true
    if (doing === 'begins') this.open = true
    if (doing === 'changes') this.written = 'changes'
    if (doing === 'writes') this.written ??= 'writes'
    if (rows) this.source?.read(this.open)
  }

  private hears(kind: number, body: Buffer | undefined): void {
    if (kind !== READY || body === undefined) return
    this.isReady = true
    this.waits = Math.max(0, this.waits - 1)
    this.open = body[0] !== IDLE || (this.open && this.waits > 0)
    if (body[0] === IDLE && this.waits === 0) this.written = undefined
  }

  private tell(): void {
    if (this.written !== undefined) this.source?.wrote(this.written === 'changes')
  }
}

const statementOf = (text: string): Statement => ({
  doing: doingOf(text, 'postgresql'),
  rows: givesRows(text),
})

/** Up to the zero byte. */
function text(body: Buffer): string {
  const end = body.indexOf(0)
  return body.toString('utf8', 0, end < 0 ? body.length : end)
}

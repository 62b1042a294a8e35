import { ConsoleError } from '../errors.js'
import type { Batch, Store } from '../store/store.js'
import type { Losses } from './attributes.js'
import { decompress, encodingOf } from './body.js'
import { CumulativeToDelta } from './cumulative.js'
import { Doubled } from './doubled.js'
import { Describer } from './describe.js'
import { readMetrics, sendersOfTotals } from './metrics.js'
import { Malformed } from './otlp/malformed.js'
import { readJson } from './otlp/json.js'
import { metricsRequest, type MetricsRequest } from './otlp/messages.js'
import { readProtobuf } from './otlp/protobuf.js'
import { accepted, refused, type Encoding, type Reply } from './otlp/reply.js'
import { Refusals } from './refusals.js'
import { SenderTurns } from './sender-turns.js'
import { readTraces } from './traces.js'

export type Signal = 'traces' | 'metrics'

export interface OtlpRequest {
  readonly contentType: string | undefined
  readonly contentEncoding: string | undefined
  readonly body: Uint8Array
}

/** What came in since the start, and what was not kept. */
export interface IntakeCounts extends Readonly<Losses> {
  readonly requests: number
  readonly spans: number
  readonly points: number
  /** Exports of our recorder that had come before. */
  readonly repeated: number
  /** Requests that were malformed or too large. */
  readonly refusedRequests: number
  /** Requests that the store could not take at the time; senders try again. */
  readonly busyRequests: number
  readonly refusedSpans: number
  readonly refusedPoints: number
}

/** A queue is empty in a second; until there is room on a disk it takes somebody to make it. */
const retrySeconds = { busy: 1, broken: 5 }

/** Why nothing can be written at the moment. */
export interface StoreProblem {
  readonly kind: 'full' | 'read-only' | 'failed'
  readonly sinceMs: number
  /** One sentence for people: what is wrong and what to do. */
  readonly message: string
}

/** Takes OTLP requests into a store. */
export class Intake {
  readonly #store: Store
  readonly #now: () => number
  readonly #onWritten: (batch: Batch) => void
  #problem: StoreProblem | null = null
  readonly #totals: CumulativeToDelta
  readonly #turns = new SenderTurns()
  readonly #describer = new Describer()
  readonly #doubled = new Doubled()
  readonly #counts = {
    requests: 0,
    spans: 0,
    points: 0,
    repeated: 0,
    refusedRequests: 0,
    busyRequests: 0,
    refusedSpans: 0,
    refusedPoints: 0,
    cutTexts: 0,
    droppedAttributes: 0,
  }

  /** `onWritten` is told of each batch that was written, once. */
  constructor(
    store: Store,
    now: () => number = Date.now,
    onWritten: (batch: Batch) => void = () => {},
  ) {
    this.#store = store
    this.#onWritten = onWritten
    this.#now = now
    this.#totals = new CumulativeToDelta(BigInt(Math.round(now())) * 1_000_000n)
  }

  counts(): IntakeCounts {
    return { ...this.#counts }
  }

  /** From the first write that failed until the first that succeeds; null while all is well. */
  problem(): StoreProblem | null {
    return this.#problem
  }

  /** The answer to a request: 200 once its data would survive `kill -9`, else a status and nothing kept. */
  async take(signal: Signal, request: OtlpRequest): Promise<Reply> {
    this.#counts.requests++
    const encoding = encodingOf(request.contentType)
    if (encoding === undefined) {
      this.#counts.refusedRequests++
      return refused(
        415,
        'Content-Type must be application/x-protobuf or application/json.',
        'json',
      )
    }
    try {
      return signal === 'traces'
        ? await this.#takeTraces(request, encoding)
        : await this.#takeMetrics(request, encoding)
    } catch (error) {
      return this.#refuse(error, encoding)
    }
  }

  async #takeTraces(request: OtlpRequest, encoding: Encoding): Promise<Reply> {
    const bytes = await decompress(request.body, request.contentEncoding)
    const rows = readTraces(bytes, encoding, this.#describer, this.#now())
    const { spans, histograms, exemplars } = rows.take(this.#doubled)
    const { count } = spans
    if (count > 0) await this.#write([{ spans, histograms, exemplars, counters: [] }])
    this.#counts.spans += count
    this.#counts.refusedSpans += rows.refusals.count
    this.#lose(rows.losses)
    return accepted('traces', encoding, rows.refusals.partialSuccess())
  }

  async #takeMetrics(request: OtlpRequest, encoding: Encoding): Promise<Reply> {
    const bytes = await decompress(request.body, request.contentEncoding)
    const decode = encoding === 'json' ? readJson : readProtobuf
    const message = decode(bytes, metricsRequest) as MetricsRequest
    const losses = { cutTexts: 0, droppedAttributes: 0 }
    const refusals = new Refusals('points')
    const metrics = await this.#turns.run(sendersOfTotals(message), async () => {
      const read = readMetrics(message, this.#totals, losses, refusals, this.#now())
      await this.#writeMetrics(read.batches)
      read.commit()
      return read
    })
    this.#counts.points += metrics.points
    this.#counts.refusedPoints += refusals.count
    this.#lose(losses)
    return accepted('metrics', encoding, refusals.partialSuccess())
  }

  async #writeMetrics(batches: readonly Batch[]): Promise<void> {
    const filled = batches.filter(
      batch =>
        batch.delivery !== undefined ||
        batch.histograms.length + batch.counters.length > 0 ||
        (batch.gauges ?? []).length > 0,
    )
    await this.#write(filled)
  }

  async #write(batches: readonly Batch[]): Promise<void> {
    // Asked for together they are committed together, as a rule.
    await Promise.all(
      batches.map(async batch => {
        const { repeated } = await this.#store.write(batch)
        if (repeated) this.#counts.repeated++
        else this.#onWritten(batch)
        this.#problem = null
      }),
    )
  }

  #lose(losses: Losses): void {
    this.#counts.cutTexts += losses.cutTexts
    this.#counts.droppedAttributes += losses.droppedAttributes
  }

  #refuse(error: unknown, encoding: Encoding): Reply {
    if (error instanceof Malformed) {
      this.#counts.refusedRequests++
      return refused(error.status, error.message, encoding)
    }
    if (!(error instanceof ConsoleError)) throw error
    this.#counts.busyRequests++
    const kind = kindOf(error)
    if (kind !== undefined)
      this.#problem = {
        kind,
        sinceMs: this.#problem?.sinceMs ?? this.#now(),
        message: error.message,
      }
    // Whatever is wrong with the store, it is no fault of the request: it may be sent again.
    const seconds = kind === undefined ? retrySeconds.busy : retrySeconds.broken
    return refused(503, error.message, encoding, { 'retry-after': String(seconds) })
  }
}

/** What keeps the store from being written; undefined for what only asks for patience. */
function kindOf({ code, facts }: ConsoleError): StoreProblem['kind'] | undefined {
  if (code !== 'STORE_WRITE' && code !== 'STORE_FAILED' && code !== 'STORE_DIRECTORY')
    return undefined
  const cause = 'cause' in facts ? String(facts.cause) : ''
  if (/No space|disk full|quota|File too large/i.test(cause)) return 'full'
  if (/read.?only|Permission denied|not permitted/i.test(cause)) return 'read-only'
  return 'failed'
}

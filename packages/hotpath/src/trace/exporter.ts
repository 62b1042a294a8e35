import type { Worker } from 'node:worker_threads'
import { clock } from '../clock.js'
import type { Settings } from '../config/settings.js'
import { Backlog } from './backlog.js'
import { context } from './context.js'
import { caught, contained, countDropped } from './counts.js'
import { takeDelivery } from './delivery.js'
import { readGauges } from './gauges.js'
import { randomHex } from './ids.js'
import { keeper } from './keeper.js'
import { addRuntimeGauges } from './runtime-gauges.js'
import {
  ABSENT,
  DONE,
  type Delivery,
  FLUSHED,
  type FromWorker,
  SLOTS,
  toWire,
  type WorkerOptions,
} from './wire.js'
import { startWorker, tell } from './worker-thread.js'

/** The app may replace the global timers; ours must be real. */
const { setTimeout } = globalThis

const HAND_OVER_MS = 1000
/** A server that a test has started is killed as soon as the test has its answer. */
const CHECKED_HAND_OVER_MS = 10
const METRICS_MS = { dev: 1000, production: 10_000 }
/** A dev console is started and stopped often: look for it again soon. */
const MAX_BACKOFF_MS = { dev: 2000, production: 30_000 }
const QUEUE_BYTES = 8 * 1024 * 1024
/** Spans in one message: 2 to 3 ms of the app's thread. */
const SLICE_SPANS = 1000
const NEXT_SLICE_MS = 20
/** Messages that the worker has not taken yet; more wait in the ring. */
const MAX_UNTAKEN = 4
const RESTART_MS = 5000

/** Hands what the recorder kept to the worker, a little at a time, and counts what cannot go. */
export class Exporter {
  private worker: Worker | undefined
  private readonly flags = new Int32Array(new SharedArrayBuffer(4 * SLOTS))
  private readonly metricsMs: number
  private readonly handOverMs: number
  /** Spans were handed over since the last flush. */
  private unflushed = false
  private flushing = false
  /** Span messages that the worker has not taken, by their spans. */
  private untaken: number[] = []
  /** New in each process, worker thread and fork. */
  private readonly instance = randomHex(16)
  /** On its way: sent again as it is until it is acknowledged. */
  private pending: Delivery | undefined
  /** Frozen since; each gets its number when its turn comes. */
  private readonly backlog = new Backlog()
  private sequence = 0
  private frozenMs = 0
  private ended = false

  constructor(
    private readonly settings: Settings,
    private readonly headers: Readonly<Record<string, string>>,
    private readonly version: string,
  ) {
    this.metricsMs = settings.dev ? METRICS_MS.dev : METRICS_MS.production
    this.handOverMs = settings.everything ? CHECKED_HAND_OVER_MS : HAND_OVER_MS
  }

  /** Call once. Timers and worker belong to no request. */
  start(): void {
    context.run(undefined, () => {
      contained('trace.gauges', addRuntimeGauges)
      this.startThread()
      this.schedule(this.handOverMs)
    })
  }

  /** Sends what is left, and waits for it, at most `exitMs`; not at all when nobody listens. */
  finish(): void {
    const { worker } = this
    this.ended = true
    if (worker === undefined || Atomics.load(this.flags, ABSENT) === 1) return
    while (keeper.ring.spans > 0) this.handOver()
    const last = takeDelivery(0, this.frozenMs)
    if (last !== undefined) this.backlog.add(last)
    for (let delivery = this.next(); delivery !== undefined; delivery = this.next()) {
      tell(worker, { type: 'delivery', delivery })
    }
    tell(worker, { type: 'finish' })
    Atomics.wait(this.flags, DONE, 0, this.settings.exitMs)
  }

  /** Waits until all spans so far are taken, at most `exitMs`; not at all when nobody listens. */
  flush(): void {
    const { worker, flags } = this
    // What is told to our own worker is a message, too.
    if (this.flushing || worker === undefined) return
    if (!this.unflushed && keeper.ring.spans === 0) return
    this.flushing = true
    try {
      while (keeper.ring.spans > 0) this.handOver()
      this.unflushed = false
      const before = Atomics.load(flags, FLUSHED)
      tell(worker, { type: 'flush' })
      if (Atomics.load(flags, ABSENT) === 0)
        Atomics.wait(flags, FLUSHED, before, this.settings.exitMs)
    } finally {
      this.flushing = false
    }
  }

  private startThread(): void {
    const { settings } = this
    const { targets, protocol, compression } = settings.export
    const options: WorkerOptions = {
      traces: { headers: this.headers, ...targets.traces },
      metrics: { headers: this.headers, ...targets.metrics },
      protocol,
      compression,
      version: this.version,
      root: settings.root,
      resource: {
        'service.name': settings.service,
        'service.instance.id': this.instance,
        ...(settings.version === undefined ? {} : { 'service.version': settings.version }),
        'process.pid': process.pid,
        'host.name': process.getBuiltinModule('node:os').hostname(),
        'process.runtime.name': 'nodejs',
        'process.runtime.version': process.versions.node,
        'telemetry.sdk.name': 'hotpath',
        'telemetry.sdk.language': 'nodejs',
        'telemetry.sdk.version': this.version,
      },
      flags: this.flags.buffer as SharedArrayBuffer,
      maxBackoffMs: settings.dev ? MAX_BACKOFF_MS.dev : MAX_BACKOFF_MS.production,
      maxQueueBytes: QUEUE_BYTES,
    }
    this.worker = startWorker(
      options,
      message => this.hear(message),
      () => this.threadEnded(),
    )
    if (this.worker !== undefined && this.pending !== undefined) {
      tell(this.worker, { type: 'delivery', delivery: this.pending })
    }
  }

  private schedule(ms: number): void {
    setTimeout(() => this.tick(), ms).unref()
  }

  private tick(): void {
    try {
      const more = this.worker !== undefined && this.untaken.length < MAX_UNTAKEN && this.handOver()
      if (clock.now() - this.frozenMs >= this.metricsMs) this.freeze()
      this.schedule(more ? NEXT_SLICE_MS : this.handOverMs)
    } catch {
      caught('trace.exporter')
      this.schedule(this.handOverMs)
    }
  }

  /** One slice; true when there is more. */
  private handOver(): boolean {
    const spans = keeper.ring.take(SLICE_SPANS)
    if (spans.length === 0 || this.worker === undefined) return false
    // A span that cannot be described (it reads the app's objects) is left out, not its neighbours.
    const wires = spans.flatMap(span => contained('trace.describe', () => toWire(span)) ?? [])
    tell(this.worker, { type: 'spans', originMs: clock.origin, spans: wires })
    this.untaken.push(spans.length)
    this.unflushed = true
    return keeper.ring.spans > 0
  }

  /** What was counted since the last time, and when, waits for its turn. */
  private freeze(): void {
    if (this.worker === undefined) return
    const frozen = takeDelivery(0, this.frozenMs, readGauges())
    this.frozenMs = clock.now()
    if (frozen !== undefined) this.backlog.add(frozen)
    this.deliver()
  }

  /** Sends the oldest, unless another is still on its way. */
  private deliver(): void {
    if (this.pending !== undefined || this.worker === undefined) return
    const delivery = this.next()
    if (delivery !== undefined) tell(this.worker, { type: 'delivery', delivery })
  }

  private next(): Delivery | undefined {
    const oldest = this.backlog.take()
    this.pending = oldest === undefined ? undefined : { ...oldest, sequence: ++this.sequence }
    return this.pending
  }

  private hear(message: FromWorker): void {
    if (message.type === 'queued') this.untaken.shift()
    else if (message.type === 'dropped') {
      countDropped(message.what, message.reason, message.n)
      if (message.reason === 'encode') caught('trace.encode')
    } else if (message.sequence === this.pending?.sequence) {
      this.pending = undefined
      contained('trace.exporter', () => this.deliver())
    }
  }

  /** The thread died (out of memory, say): what it held is lost and counted, and it starts again. */
  private threadEnded(): void {
    this.worker = undefined
    for (const n of this.untaken) countDropped('spans', 'worker', n)
    this.untaken = []
    if (!this.ended) setTimeout(() => this.startThread(), RESTART_MS).unref()
  }
}

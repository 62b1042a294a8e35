import { availableParallelism } from 'node:os'
import { resolve as resolvePath } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { ConsoleError } from '../errors.js'
import type { Answer, CallName, Calls, Refusal, WorkerOptions } from './calls.js'
import { decodeSpans, listsOf } from './decode.js'
import { buffersOf, encodeBatch } from './encode.js'
import { Saying } from './said.js'
import { sentence } from './sentence.js'
import type { Store } from './store.js'

export interface StoreOptions {
  /** The DuckDB file; its directory is made when it is not there. */
  readonly path: string
  /** For the terminal: no writing, and no new file. */
  readonly readOnly?: boolean
  /** Memory of the database, `512MB` by default: without a limit it takes 80 % of the machine. */
  readonly memoryLimit?: string
  /** Threads of the database. */
  readonly threads?: number
  /** Bytes of batches that may wait to be written; with more, `write` refuses with STORE_BUSY. */
  readonly queueBytes?: number
}

/**
 * Opens the store in a thread of its own. Throws a `ConsoleError` when the file is locked, damaged,
 * of a newer version, not ours, or cannot be written.
 *
 *     const store = await openStore({ path: '.hotpath/store.duckdb' })
 *     await store.write({ spans, histograms: [], counters: [] })
 *     await store.close()
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const path = resolvePath(options.path)
  const thread = await StoreThread.start({
    path,
    readOnly: options.readOnly ?? false,
    memoryLimit: options.memoryLimit ?? '512MB',
    // Two let a long read run beside the writing; the app that is watched has the rest.
    threads: options.threads ?? Math.min(2, availableParallelism()),
  })
  const limitBytes = options.queueBytes ?? 64 * 1024 * 1024
  let waitingBytes = 0
  const saying = new Saying()
  return {
    write: async batch => {
      const rows = encodeBatch(batch)
      if (waitingBytes > 0 && waitingBytes + rows.bytes > limitBytes)
        throw new ConsoleError('STORE_BUSY', { waitingBytes, limitBytes })
      waitingBytes += rows.bytes
      try {
        const { spans } = rows
        const said = saying.say(spans.texts)
        const batch = { ...rows, spans: { ...spans, texts: [] } }
        return await thread.call('write', { batch, said }, buffersOf(rows))
      } catch (error) {
        // It may be that it was never sent.
        saying.forget()
        throw error
      } finally {
        waitingBytes -= rows.bytes
      }
    },
    series: async (metric, window) =>
      (await thread.call('series', { metrics: [metric], window }))[metric] ?? [],
    seriesOf: (metrics, window) => thread.call('series', { metrics, window }),
    timeline: (metric, query) => thread.call('timeline', { metric, query }),
    counters: window => thread.call('counters', window),
    gauges: query => thread.call('gauges', query),
    processes: window => thread.call('processes', window),
    deliveries: window => thread.call('deliveries', window),
    services: window => thread.call('services', window),
    traces: query => thread.call('traces', query),
    spans: async (traceId, limit = 20_000) =>
      decodeSpans(await thread.call('spans', { traceId, limit })),
    sample: (window, perRoute) => thread.call('sample', { window, perRoute }),
    spansOf: async (traces, limit) => {
      const columns = await thread.call('spansOf', { traces, limit })
      // To unpack the message took as long as this will.
      await nextTurn()
      return listsOf(traces, decodeSpans(columns))
    },
    prune: limits => thread.call('prune', limits),
    traceIds: (prefix, limit) => thread.call('traceIds', { prefix, limit }),
    extent: () => thread.call('extent', null),
    status: () => thread.call('status', null),
    close: () => thread.close(),
  }
}

interface Pending {
  readonly resolve: (result: never) => void
  readonly reject: (error: Error) => void
}

/** Calls into the thread, each with its promise. */
class StoreThread {
  readonly #worker: Worker
  readonly #path: string
  readonly #pending = new Map<number, Pending>()
  #nextId = 1
  /** Why no call can be answered any more. */
  #over: ConsoleError | undefined
  #closing: Promise<void> | undefined

  private constructor(options: WorkerOptions) {
    this.#path = options.path
    this.#worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: options,
      // The console may itself run under NODE_OPTIONS that attach the recorder.
      execArgv: [],
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    this.#worker.on('message', (answer: Answer) => this.#settle(answer))
    this.#worker.on('error', error => this.#end(sentence(error)))
    this.#worker.on('exit', code => this.#end(`its thread ended with code ${code}`))
  }

  static async start(options: WorkerOptions): Promise<StoreThread> {
    const thread = new StoreThread(options)
    const opened = new Promise<void>((resolve, reject) => {
      thread.#pending.set(0, { resolve: resolve as Pending['resolve'], reject })
    })
    try {
      await opened
    } catch (error) {
      await thread.#worker.terminate()
      throw error
    }
    return thread
  }

  /** `handedOver` are buffers of the argument that nobody reads here any more. */
  call<Name extends CallName>(
    name: Name,
    argument: Calls[Name][0],
    handedOver: readonly ArrayBuffer[] = [],
  ): Promise<Calls[Name][1]> {
    if (this.#over !== undefined) return Promise.reject(this.#over)
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      this.#worker.postMessage({ id, name, argument }, handedOver)
    })
  }

  /** Finishes what was asked for before, then ends the thread. */
  close(): Promise<void> {
    this.#closing ??= this.#finish()
    return this.#closing
  }

  async #finish(): Promise<void> {
    if (this.#over !== undefined) return
    const closed = this.call('close', null)
    this.#over = new ConsoleError('STORE_CLOSED', { path: this.#path })
    await closed
    await this.#worker.terminate()
  }

  #settle(answer: Answer): void {
    const pending = this.#pending.get(answer.id)
    this.#pending.delete(answer.id)
    if ('refusal' in answer) pending?.reject(errorOf(answer.refusal))
    else pending?.resolve(answer.result as never)
  }

  #end(cause: string): void {
    this.#over ??= new ConsoleError('STORE_FAILED', { path: this.#path, cause })
    for (const pending of this.#pending.values()) pending.reject(this.#over)
    this.#pending.clear()
  }
}

function errorOf(refusal: Refusal): Error {
  if ('code' in refusal) return new ConsoleError(refusal.code, refusal.facts)
  return new Error(refusal.message)
}

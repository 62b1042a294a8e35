import assert from 'node:assert/strict'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { gzipSync } from 'node:zlib'
import { BinaryReader } from '@bufbuild/protobuf/wire'
import { Intake, type OtlpRequest, type Signal } from '../../dist/intake/intake.js'
import type { Reply } from '../../dist/intake/otlp/reply.js'
import type { Store } from '../../dist/store/store.js'
import { mutateBytes, mutateJson } from './mutate.js'
import { type Payload, payloads } from './payloads.js'
import { Random } from './random.js'

export interface FuzzOptions {
  readonly seed: number
  readonly cases: number
  readonly seconds: number
  /** Told now and then how far it is. */
  readonly onProgress?: (done: number) => void
}

export interface FuzzReport {
  readonly cases: number
  readonly statuses: Readonly<Record<string, number>>
  readonly spans: number
  readonly points: number
  readonly seconds: number
  /** Heap of this thread after a collection: after a tenth of the cases, and at the end. */
  readonly heapMb: readonly [early: number, late: number]
}

/** Under way at a time, as from as many senders. */
const lanes = 32

/**
 * Sends mutations of valid payloads into an intake with a real store, and throws at the first answer
 * that is not OTLP's, at a row too many or too few, and when memory grew.
 */
export async function fuzzIntake(store: Store, options: FuzzOptions): Promise<FuzzReport> {
  const startMs = performance.now()
  const endMs = startMs + options.seconds * 1e3
  const intake = new Intake(store)
  const random = new Random(options.seed)
  const valid = payloads()
  const statuses: Record<string, number> = {}
  let begun = 0
  let earlyMb = 0
  const lane = async (): Promise<void> => {
    while (begun < options.cases && performance.now() < endMs) {
      const n = begun++
      const { signal, request, spelt } = mutant(valid, random)
      const reply = await intake.take(signal, request).catch((error: unknown) => {
        throw new Error(`seed ${options.seed}, case ${n}: ${spelt()}`, { cause: error })
      })
      const wrong = fault(reply, signal, request)
      assert.equal(wrong, undefined, `seed ${options.seed}, case ${n}: ${wrong}: ${spelt()}`)
      statuses[reply.status] = (statuses[reply.status] ?? 0) + 1
      if (n === Math.floor(options.cases / 10)) earlyMb = heapMb()
      if (n % 10_000 === 9_999) options.onProgress?.(n + 1)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  const { spans, points } = intake.counts()
  assert.equal((await store.status()).spans, spans, 'as many rows as spans were accepted')
  return {
    cases: begun,
    statuses,
    spans,
    points,
    seconds: (performance.now() - startMs) / 1e3,
    heapMb: [earlyMb || heapMb(), heapMb()],
  }
}

interface Mutant {
  readonly signal: Signal
  readonly request: OtlpRequest
  /** The request in a form that can be pasted into a test. */
  readonly spelt: () => string
}

function mutant(valid: readonly Payload[], random: Random): Mutant {
  const { signal, json, binary } = random.one(valid)
  const other = random.one(valid)
  const asJson = random.chance(2)
  const structured = asJson && !random.chance(3)
  let body: Uint8Array = structured
    ? Buffer.from(mutateJson(json, random))
    : asJson
      ? mutateBytes(
          Buffer.from(JSON.stringify(json)),
          Buffer.from(JSON.stringify(other.json)),
          random,
        )
      : mutateBytes(binary, other.binary, random)
  const compressed = random.chance(10)
  if (compressed) {
    body = gzipSync(body, { level: 1 })
    if (random.chance(2)) body = mutateBytes(body, other.binary, random)
  }
  const request = {
    // Now and then the encoding is not what it says.
    contentType: asJson !== random.chance(50) ? 'application/json' : 'application/x-protobuf',
    contentEncoding: compressed ? 'gzip' : undefined,
    body,
  }
  const spelt = (): string =>
    `${signal} ${request.contentType} ${request.contentEncoding ?? ''} ${Buffer.from(body).toString('base64')}`
  return { signal, request, spelt }
}

const codes: Readonly<Record<number, number>> = { 400: 3, 413: 8, 415: 3 }

/** What is wrong with a reply, if anything is. */
function fault(reply: Reply, signal: Signal, request: OtlpRequest): string | undefined {
  if (reply.headers['content-type'] !== request.contentType) return 'answered in another encoding'
  const json = request.contentType === 'application/json'
  const message = json
    ? (JSON.parse(Buffer.from(reply.body).toString()) as Record<string, unknown>)
    : undefined
  if (reply.status === 200) {
    const rejected = signal === 'traces' ? 'rejectedSpans' : 'rejectedDataPoints'
    const partial = message?.['partialSuccess'] as Record<string, unknown> | undefined
    return partial === undefined || typeof partial[rejected] === 'string'
      ? undefined
      : 'a partial success in another form'
  }
  const code = codes[reply.status]
  if (code === undefined) return `status ${reply.status}`
  const status = message ?? statusOf(reply.body)
  if (status['code'] !== code) return `code ${String(status['code'])} with status ${reply.status}`
  const reason = status['message']
  return typeof reason === 'string' && reason.length > 10 && reason.length < 2_000
    ? undefined
    : 'a refusal without a reason, or with a book'
}

/** google.rpc.Status. */
function statusOf(body: Uint8Array): Record<string, unknown> {
  const reader = new BinaryReader(body)
  const status: Record<string, unknown> = {}
  while (reader.pos < reader.len)
    if (reader.tag()[0] === 1) status['code'] = reader.int32()
    else status['message'] = reader.string()
  return status
}

let collect: (() => void) | undefined

function heapMb(): number {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as () => void
  }
  collect()
  return process.memoryUsage().heapUsed / 1e6
}

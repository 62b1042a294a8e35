import { contained } from '../trace/counts.js'
import { onModule } from '../trace/module-load.js'
import { type OpenSpan, recorder } from '../trace/recorder.js'
import { carriedBy, endingWith, finish, isPromise, processing, sending } from './messages.js'
import { patchMethod } from './patch-method.js'

const WHERE = 'observe.bullmq'
const noting = (note: () => void): void => void contained(WHERE, note)

interface Named {
  readonly name?: unknown
}
interface Telemetry {
  readonly metadata?: unknown
  readonly omitContext?: unknown
}
interface JobOptions {
  readonly telemetry?: Telemetry
}
interface Job {
  readonly opts?: JobOptions
}
type Method = Parameters<Parameters<typeof patchMethod>[2]>[0]

/**
 * Jobs of BullMQ 5 and 6: `add` and `addBulk` of a queue, and what a worker runs. Who added a job is told in
 * the option that BullMQ has for it (`telemetry.metadata`), and not where the app or another tracer uses it.
 */
export function observeBullmq(): void {
  onModule('/bullmq/dist/cjs/classes/queue.js', exports => {
    const { Queue } = exports as { Queue: { prototype: object } }
    patchMethod(
      Queue.prototype,
      'add',
      adding(([name, data, opts], span) => [name, data, told(opts, span)]),
    )
    patchMethod(
      Queue.prototype,
      'addBulk',
      adding(([jobs], span) => [
        Array.isArray(jobs)
          ? jobs.map((job: Job) => ({ ...job, opts: told(job.opts, span) }))
          : jobs,
      ]),
    )
  })
  onModule('/bullmq/dist/cjs/classes/worker.js', exports => {
    const { Worker } = exports as { Worker: { prototype: object } }
    patchMethod(
      Worker.prototype,
      'callProcessJob',
      original =>
        function callProcessJob(job) {
          const args = arguments as unknown as unknown[]
          const span = recorder.enabled
            ? contained(WHERE, () => beginProcessing(this as Named, job as Job))
            : undefined
          if (span === undefined) return original.apply(this, args)
          return ended(span, () => recorder.runIn(span, () => original.apply(this, args)))
        },
    )
  })
}

function adding(
  told: (args: unknown[], span: OpenSpan) => unknown[],
): (original: Method) => Method {
  return original =>
    function (this: unknown, ...args) {
      const queue = this as Named
      const span = recorder.enabled
        ? contained(WHERE, () => sending('bullmq', String(queue.name)))
        : undefined
      if (span === undefined) return original.apply(this, args)
      const given = contained(WHERE, () => told(args, span)) ?? args
      return ended(span, () => recorder.runIn(span, () => original.apply(this, given)))
    }
}

function told(given: unknown, span: OpenSpan): unknown {
  const options = (given ?? {}) as JobOptions
  const { metadata, omitContext } = options.telemetry ?? {}
  if (metadata !== undefined || omitContext === true) return given
  const telemetry = {
    ...options.telemetry,
    metadata: JSON.stringify(Object.fromEntries([carriedBy(span, undefined)])),
  }
  return { ...options, telemetry }
}

function beginProcessing({ name }: Named, { opts }: Job): OpenSpan {
  const metadata = opts?.telemetry?.metadata
  return processing(
    'bullmq',
    String(name),
    contained(WHERE, () => parsed(metadata)),
  )
}

/** Another tracer may have put there what it likes. */
const parsed = (metadata: unknown): unknown =>
  typeof metadata === 'string' && metadata.startsWith('{') && metadata.length < 4_096
    ? JSON.parse(metadata)
    : undefined

function ended(span: OpenSpan, call: () => unknown): unknown {
  let result: unknown
  try {
    result = call()
  } catch (error) {
    noting(() => finish(span, true, error))
    throw error
  }
  if (isPromise(result)) return endingWith(span, result, WHERE)
  noting(() => finish(span, false))
  return result
}

import type { Worker } from 'node:worker_threads'
import { caught } from './counts.js'
import type { FromWorker, ToWorker, WorkerOptions } from './wire.js'

const WORKER_FILE = new URL('./worker.js', import.meta.url)

/**
 * Starts the export worker. It neither keeps the app alive nor reaches its stdio, and does not load
 * the recorder again: with NODE_OPTIONS set, `execArgv: []` alone would not prevent that.
 * Undefined where this process may start no threads (`--permission`).
 */
export function startWorker(
  options: WorkerOptions,
  onMessage: (message: FromWorker) => void,
  onEnd: () => void,
): Worker | undefined {
  try {
    const { Worker } = process.getBuiltinModule('node:worker_threads')
    const { NODE_OPTIONS: _, ...env } = process.env
    const worker = new Worker(WORKER_FILE, {
      name: 'hotpath',
      workerData: options,
      execArgv: [],
      env,
      stdin: false,
      stdout: true,
      stderr: true,
    })
    worker.on('message', onMessage)
    worker.on('error', () => caught('trace.worker'))
    worker.on('exit', onEnd)
    // Last: a listener for messages would hold the app again.
    worker.unref()
    return worker
  } catch {
    caught('trace.worker')
    return undefined
  }
}

export function tell(worker: Worker, message: ToWorker): void {
  worker.postMessage(message)
}

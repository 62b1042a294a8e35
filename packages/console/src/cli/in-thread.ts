import { Worker } from 'node:worker_threads'

/**
 * What a thread that reads the app's config sends back. A config is code, which may open a Redis at once: it
 * runs in a thread that is ended, and what it prints is not ours to print.
 */
export async function inThread<Answer>(
  program: URL,
  workerData: unknown,
  file: string,
): Promise<Answer | { readonly ok: false; readonly message: string }> {
  const thread = new Worker(program, {
    workerData,
    execArgv: [],
    env: { ...process.env, NODE_OPTIONS: '' },
    stdout: true,
    stderr: true,
  })
  try {
    return await new Promise((resolve, reject) => {
      thread.once('message', resolve)
      thread.once('error', reject)
      thread.once('exit', code => {
        resolve({ ok: false, message: `${file} ended its thread with code ${code}.` })
      })
    })
  } finally {
    await thread.terminate()
  }
}

import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Block, ResultOf } from './driver.js'

/** The load driver in a process of its own, so that its work is not counted as the app's. */
export class LoadProcess {
  readonly #child: ChildProcess

  constructor() {
    const program = fileURLToPath(new URL('driver.js', import.meta.url))
    this.#child = fork(program, { execArgv: [], env: { ...process.env, NODE_OPTIONS: '' } })
  }

  run<B extends Block>(block: B): Promise<ResultOf<B>> {
    return new Promise((resolve, reject) => {
      const ended = (): void => reject(new Error('the load driver ended'))
      this.#child.once('exit', ended)
      this.#child.once('message', (answer: { driven?: ResultOf<B>; error?: string }) => {
        this.#child.off('exit', ended)
        if (answer.driven === undefined) reject(new Error(answer.error))
        else resolve(answer.driven)
      })
      this.#child.send(block)
    })
  }

  stop(): void {
    this.#child.kill()
  }
}

import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Block, Driven } from './driver.js'

/** The load driver in a process of its own, so that its work is not counted as the app's. */
export class LoadProcess {
  readonly #child: ChildProcess

  constructor() {
    const program = fileURLToPath(new URL('driver.js', import.meta.url))
    this.#child = fork(program, { execArgv: [], env: { ...process.env, NODE_OPTIONS: '' } })
  }

  run(block: Block): Promise<Driven> {
    return new Promise((resolve, reject) => {
      this.#child.once('message', (answer: { driven?: Driven; error?: string }) => {
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

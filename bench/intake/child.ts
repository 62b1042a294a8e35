import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** A program of this folder in a process of its own, asked over IPC, one question at a time. */
export class Child {
  readonly #child: ChildProcess

  constructor(program: string, env: Readonly<Record<string, string>> = {}) {
    this.#child = fork(fileURLToPath(new URL(program, import.meta.url)), {
      execArgv: [],
      env: { ...process.env, NODE_OPTIONS: '', ...env },
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  ask<T>(question: object): Promise<T> {
    return new Promise((resolve, reject) => {
      const ended = (code: number | null): void => reject(new Error(`a child ended with ${code}`))
      this.#child.once('exit', ended)
      this.#child.once('message', (answer: { result?: T; error?: string }) => {
        this.#child.off('exit', ended)
        if (answer.error === undefined) resolve(answer.result as T)
        else reject(new Error(answer.error))
      })
      this.#child.send(question)
    })
  }

  /** Ends it by closing the channel, and waits. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = new Promise(resolve => this.#child.once('exit', resolve))
    this.#child.disconnect()
    await ended
  }
}

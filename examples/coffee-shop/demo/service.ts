import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { Tail } from './tail.js'

export interface ServiceOptions {
  /** For messages: `the coffee shop`. */
  readonly label: string
  /** Arguments of `node`. */
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** The working directory. */
  readonly folder: string
}

/** A Node process that runs until it is stopped; its output is kept for when it fails. */
export class Service {
  readonly label: string
  readonly #child: ChildProcess
  readonly #output = new Tail()
  readonly #ended: Promise<unknown>

  constructor(options: ServiceOptions) {
    this.label = options.label
    this.#child = spawn(process.execPath, options.args, {
      cwd: options.folder,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => this.#output.add(chunk))
    }
    this.#ended = once(this.#child, 'close')
  }

  /** Resolves when the process has ended, rejects when it could not be started. */
  get ended(): Promise<unknown> {
    return this.#ended
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  get succeeded(): boolean {
    return this.#child.exitCode === 0
  }

  /** The end of what it printed. */
  get output(): string {
    return this.#output.toString()
  }

  /** An error that says how the process ended, with its last words. */
  failure(): Error {
    const how = this.#child.signalCode ?? `code ${this.#child.exitCode}`
    return new Error(`${this.label} ended with ${how}:\n${this.output}`)
  }

  /** Resolves once `url` answers 200; throws when the process ends first or `patienceMs` are over. */
  async ready(url: string, patienceMs = 60_000): Promise<void> {
    const deadline = performance.now() + patienceMs
    while (!(await answers(url))) {
      if (!this.running) throw this.failure()
      if (performance.now() > deadline) {
        throw new Error(`${this.label} did not answer at ${url}:\n${this.output}`)
      }
      await delay(50)
    }
  }

  /** Asks it to end, insists after `patienceMs`, and resolves once it is gone. */
  async stop(patienceMs = 15_000): Promise<void> {
    if (this.running) this.#child.kill('SIGTERM')
    const overdue = setTimeout(() => this.#child.kill('SIGKILL'), patienceMs)
    await this.#ended
    clearTimeout(overdue)
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url)
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}

import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { descendantsCpuUs } from '../measure/cpu.js'

/** How the app is started: its Node, what is attached to it, where its telemetry goes. */
export interface AppOptions {
  readonly node: string
  readonly execArgv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Another app than that of the recorder's benchmark. */
  readonly program?: URL
}

export interface Use {
  /** Processor time since the start: all threads, also the export worker's, and child processes. */
  readonly cpuUs: number
  readonly rssBytes: number
  /** Of an app that counts them: calls of its handler. */
  readonly runs?: number
  /** Of an app that looks: the 99th percentile of its event loop's delay since this was asked last. */
  readonly delayMs?: number
}

/** What is there when nothing is under way; the heap after a collection, where the process may ask for one. */
export interface State {
  readonly heapBytes: number
  readonly rssBytes: number
  /** Of the process, for all events. */
  readonly listeners: number
  readonly resources: number
}

/** The measured app in a process of its own. */
export class AppProcess {
  readonly port: number
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
  }

  static async start(options: AppOptions): Promise<AppProcess> {
    const program = options.program ?? new URL('app.cjs', import.meta.url)
    const child = fork(fileURLToPath(program), {
      execPath: options.node,
      execArgv: [...options.execArgv],
      env: { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'production', ...options.env },
      // Tracers greet on stdout; what they say is no result.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    const { port } = await answer<{ port: number }>(child)
    return new AppProcess(child, port)
  }

  /** Switches the recorder; says whether one is attached. */
  async switch(enabled: boolean): Promise<boolean> {
    const answered = answer<{ attached: boolean }>(this.#child)
    this.#child.send({ ask: 'switch', enabled })
    return (await answered).attached
  }

  async use(): Promise<Use> {
    const answered = answer<Use>(this.#child)
    this.#child.send({ ask: 'use' })
    const use = await answered
    return { ...use, cpuUs: use.cpuUs + descendantsCpuUs(this.#child.pid ?? 0) }
  }

  async state(): Promise<State> {
    const answered = answer<State>(this.#child)
    this.#child.send({ ask: 'state' })
    return answered
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = new Promise(resolve => this.#child.once('exit', resolve))
    this.#child.disconnect()
    await ended
  }
}

function answer<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`the app ended with ${code}`))
    child.once('exit', ended)
    child.once('message', message => {
      child.off('exit', ended)
      resolve(message as T)
    })
  })
}

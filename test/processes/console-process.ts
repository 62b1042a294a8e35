import { hotpathBin, Program } from './program.js'
import { until } from './until.js'

/** `hotpath serve` in a process of its own, to be stopped or killed and started again. */
export class ConsoleProcess implements AsyncDisposable {
  readonly url: string
  readonly #program: Program

  private constructor(program: Program, url: string) {
    this.#program = program
    this.url = url
  }

  /** Resolves once it answers. `store` is the file, which a start after a kill opens again. */
  static async start(port: number, store: string): Promise<ConsoleProcess> {
    const program = Program.node([hotpathBin, 'serve', '--port', String(port), '--store', store])
    const url = `http://127.0.0.1:${port}`
    let over = false
    void program.ended.then(() => (over = true))
    const answers = async (): Promise<boolean> => {
      if (over) throw new Error(`the console ended: ${program.stderr}`)
      return fetch(`${url}/healthz`).then(
        response => response.ok,
        () => false,
      )
    }
    await until(answers, ok => ok, 'the console to answer')
    return new ConsoleProcess(program, url)
  }

  /** Ends it as Ctrl-C does, or as the kernel does when memory is short. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#program.kill(signal)
    await this.#program.ended
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end('SIGKILL')
  }
}

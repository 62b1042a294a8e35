import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { isAbsolute } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Attributes, Collector, type CollectedSpan } from './collector.js'

const register = new URL('../dist/bundle/register.js', import.meta.url).href

/** An app of `test/apps` in a process of its own, with the recorder attached, and what that sent. */
export class ObservedApp {
  private constructor(
    private readonly child: ChildProcess,
    readonly collector: Collector,
    readonly port: number,
    private readonly output: { text: string },
  ) {}

  static async start(
    file: string,
    env: Record<string, string> = {},
    nodeArgs: readonly string[] = [],
  ): Promise<ObservedApp> {
    const collector = await Collector.start()
    const path = isAbsolute(file)
      ? file
      : fileURLToPath(new URL(`../test/apps/${file}`, import.meta.url))
    const attached =
      env['ATTACHED_BY'] === 'require'
        ? ['--require', fileURLToPath(register)]
        : ['--import', register]
    const child = fork(path, {
      execArgv: [...attached, ...nodeArgs],
      env: {
        ...process.env,
        HOTPATH_ENDPOINT: collector.url,
        HOTPATH_MODE: 'dev',
        HOTPATH_EXIT_MS: '10000',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    const output = { text: '' }
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', chunk => {
        output.text += String(chunk)
      })
    }
    const port = await new Promise<number>((resolve, reject) => {
      child.once('message', message => resolve((message as { port: number }).port))
      child.once('exit', code => reject(new Error(`${file} ended with ${code}: ${output.text}`)))
    }).catch(async (error: unknown) => {
      await collector.close()
      throw error
    })
    return new ObservedApp(child, collector, port, output)
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** SIGKILL: nothing more comes of it. */
  kill(): void {
    this.child.kill('SIGKILL')
    void this.collector.close()
  }

  /** Lets the app end, and gives the spans that it sent until then. */
  async finish(): Promise<Observation> {
    const ended = once(this.child, 'exit') as Promise<[number | null, string | null]>
    if (this.child.connected) this.child.disconnect()
    const [code] = await ended
    await this.collector.close()
    const errors = this.collector.points.filter(
      point => point.metric === 'hotpath.recorder.errors' && point.value > 0,
    )
    return {
      code,
      output: this.output.text,
      spans: this.collector.spans,
      blocks: this.collector.blocks,
      errors: errors.map(point => String(point.attributes['where'])),
      counted: (metric, attributes) => this.collector.counted(metric, attributes),
      summed: (metric, attributes) => this.collector.summed(metric, attributes),
      dropped: (what, reason) =>
        this.collector.points
          .filter(point => point.metric === 'hotpath.recorder.dropped')
          .filter(
            ({ attributes }) => attributes['what'] === what && attributes['reason'] === reason,
          )
          .reduce((sum, point) => sum + point.value, 0),
    }
  }
}

export interface Observation {
  readonly code: number | null
  readonly output: string
  readonly spans: readonly CollectedSpan[]
  /** Code that kept the event loop: on a busy machine any request may have some. */
  readonly blocks: readonly CollectedSpan[]
  /** Places of ours that threw. */
  readonly errors: readonly string[]
  /** What the histograms of a metric counted. */
  counted(metric: string, attributes?: Attributes): number
  summed(metric: string, attributes?: Attributes): number
  /** What the recorder said that it dropped. */
  dropped(what: string, reason: string): number
}

/** Runs `use` against an app, and gives what was observed of it. */
export async function observe(
  file: string,
  use: (app: ObservedApp) => Promise<void>,
  env: Record<string, string> = {},
  nodeArgs: readonly string[] = [],
): Promise<Observation> {
  const app = await ObservedApp.start(file, env, nodeArgs)
  let failure: unknown
  try {
    await use(app)
  } catch (error) {
    failure = error
  }
  const observation = await app.finish()
  if (failure !== undefined) throw failure
  return observation
}

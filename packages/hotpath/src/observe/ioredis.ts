import { contained } from '../trace/counts.js'
import { onModule } from '../trace/module-load.js'
import { recorder } from '../trace/recorder.js'
import { beginCommand, type CommandSpan } from './command-span.js'
import { patchMethod } from './patch-method.js'
import { type RedisServer, serverOf } from './redis-server.js'

/** On a command that has begun: its span, or null where it has none. It is handed in again when its connection was not ready. */
const SPAN = Symbol('hotpath.span')
/** What is called at its end, while that is ours: a pipeline gives its commands new promises when it tries again. */
const RESOLVE = Symbol('hotpath.resolve')
/** It was sent through a cluster. */
const CLUSTER = Symbol('hotpath.cluster')
/** Why it failed, while its pipeline may try again. */
const FAILED = Symbol('hotpath.failed')

interface Command {
  readonly name?: unknown
  readonly pipelineIndex?: unknown
  resolve?: unknown
  reject?: unknown
  [SPAN]?: CommandSpan | null
  [RESOLVE]?: unknown
  [CLUSTER]?: true
  [FAILED]?: unknown
}
interface Client {
  readonly status?: unknown
  readonly options?: RedisServer
}
interface Pipeline {
  readonly _queue?: readonly (Command | undefined)[]
  readonly promise?: Promise<unknown>
}
type Settle = (this: unknown, value: unknown) => unknown

/** What ioredis sends for itself while it connects; `cluster`, to learn who has which keys. */
const OWN = new Set(['auth', 'client', 'cluster', 'hello', 'info', 'readonly', 'select'])

/** What a cluster sends before that which it was sent to another server with. */
const ASKING = 'asking'

/** Answers after which a cluster asks another of its servers, or again. */
const REDIRECTS = /^(?:MOVED|ASK|TRYAGAIN|CLUSTERDOWN)\b/

/** Commands of ioredis (4 to 6), each once, those of pipelines too: where they are put into the line of a connection. */
export function observeIoredis(): void {
  onModule('/ioredis/built/Redis.js', exports => {
    const { default: Redis = exports } = exports as { readonly default?: unknown }
    patchClient((Redis as { prototype: object }).prototype)
  })
  onModule('/ioredis/built/redis/index.js', exports => patchClient(prototypeOf(exports)))
  onModule('/ioredis/built/cluster/index.js', exports => patchCluster(prototypeOf(exports)))
  for (const file of ['Pipeline', 'pipeline'])
    onModule(`/ioredis/built/${file}.js`, exports => patchPipeline(prototypeOf(exports)))
}

const prototypeOf = (exports: unknown): object =>
  (exports as { readonly default: { readonly prototype: object } }).default.prototype

function patchClient(prototype: object): void {
  patchMethod(
    prototype,
    'sendCommand',
    original =>
      function sendCommand(command) {
        if (recorder.enabled)
          contained('observe.redis', () => sends(command as Command, this as Client))
        return original.apply(this, arguments as unknown as unknown[])
      },
  )
}

/** Before the cluster puts a `reject` of its own before ours, which asks another server: ours is told the end. */
function patchCluster(prototype: object): void {
  patchMethod(
    prototype,
    'sendCommand',
    original =>
      function sendCommand(given) {
        const command = given as Command
        if (recorder.enabled && command[SPAN] === undefined)
          contained('observe.redis', () => {
            command[CLUSTER] = true
            if (command.name === ASKING) command[SPAN] = null
            else begin(command, undefined)
          })
        return original.apply(this, arguments as unknown as unknown[])
      },
  )
}

let knowsPipelines = false

/** Where a pipeline gets the answers: once it is over, what it did not try again has failed. */
function patchPipeline(prototype: object): void {
  patchMethod(prototype, 'fillResult', original => {
    knowsPipelines = true
    return function fillResult(_value, position) {
      const { _queue: queue, promise } = this as Pipeline
      const command = queue?.[position as number]
      if (command?.[FAILED] !== undefined) {
        const over = () => contained('observe.redis', () => fail(command))
        promise?.then(over, over)
      }
      return original.apply(this, arguments as unknown as unknown[])
    }
  })
}

function sends(command: Command, { status, options }: Client): void {
  const { [SPAN]: span, name } = command
  if (span === null) return
  if (span === undefined) {
    const isOwn = name === ASKING || (status !== 'ready' && OWN.has(String(name)))
    if (isOwn) command[SPAN] = null
    else begin(command, options)
  } else if (span.endMs < 0) {
    if (options !== undefined) span.server = () => serverOf(options)
    command[FAILED] = undefined
    if (command[RESOLVE] !== command.resolve) watchEnd(command, span)
  }
}

function begin(command: Command, options: RedisServer | undefined): void {
  const server = options && (() => serverOf(options))
  const span = beginCommand('redis', String(command.name), server)
  command[SPAN] = span ?? null
  if (span !== undefined) watchEnd(command, span)
}

function watchEnd(command: Command, span: CommandSpan): void {
  const { resolve, reject } = command
  if (typeof resolve !== 'function' || typeof reject !== 'function') return
  command[RESOLVE] = command.resolve = function (this: unknown, value: unknown) {
    contained('observe.redis', () => span.succeed())
    return (resolve as Settle).call(this, value)
  }
  command.reject = function (this: unknown, error: unknown) {
    contained('observe.redis', () => {
      command[FAILED] = error
      if (!mayTryAgain(command, error)) fail(command)
    })
    return (reject as Settle).call(this, error)
  }
}

/** A single command that is tried again is not rejected; those of pipelines are, and get new promises. */
function mayTryAgain(command: Command, error: unknown): boolean {
  if (!knowsPipelines || command[CLUSTER] !== true || command.pipelineIndex === undefined)
    return false
  return REDIRECTS.test(String((error as Error | undefined)?.message))
}

function fail(command: Command): void {
  const { [FAILED]: error } = command
  if (error !== undefined) command[SPAN]?.fail(error)
}

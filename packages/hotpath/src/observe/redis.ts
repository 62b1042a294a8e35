import type { Attributes } from '../trace/attributes.js'
import { contained } from '../trace/counts.js'
import { onEsModule } from '../trace/es-module.js'
import { onModule } from '../trace/module-load.js'
import { recorder } from '../trace/recorder.js'
import { beginCommand, type CommandSpan } from './command-span.js'
import { patchMethod } from './patch-method.js'
import { type RedisServer, serverOf } from './redis-server.js'

/** On the line of a client, once that has begun to connect: where its commands go. */
const SERVER = Symbol('hotpath.server')

interface Queue {
  [SERVER]?: () => Attributes
}
interface Client {
  readonly options?: { readonly socket?: RedisServer }
  _getQueue?(): Queue
}

/**
 * Commands of redis (4 to 6, the package `@redis/client`), each once, with those of pipelines and
 * transactions: where they are put into the line of a connection. It publishes channels too, as ioredis does,
 * but a subscriber has them make a text of each argument, and a second promise.
 */
export function observeRedis(): void {
  for (const [file, patch] of [
    ['commands-queue', patchQueue],
    ['index', patchClient],
  ] as const) {
    onModule(`/@redis/client/dist/lib/client/${file}.js`, patch)
    onEsModule('@redis/client', `dist/lib/client/${file}.js`, patch)
  }
}

const prototypeOf = (exports: unknown): object =>
  (exports as { readonly default: { readonly prototype: object } }).default.prototype

function patchClient(exports: unknown): void {
  patchMethod(
    prototypeOf(exports),
    'connect',
    original =>
      function connect() {
        contained('observe.redis', () => {
          const client = this as Client
          const queue = client._getQueue?.()
          const { socket = {} } = client.options ?? {}
          if (queue !== undefined) queue[SERVER] = () => serverOf(socket)
        })
        return original.apply(this, arguments as unknown as unknown[])
      },
  )
}

function patchQueue(exports: unknown): void {
  patchMethod(
    prototypeOf(exports),
    'addCommand',
    original =>
      function addCommand(args) {
        const name = Array.isArray(args) ? String(args[0]) : ''
        const span = recorder.enabled
          ? beginCommand('redis', name, (this as Queue)[SERVER])
          : undefined
        const result = original.apply(this, arguments as unknown as unknown[])
        return span === undefined || !(result instanceof Promise) ? result : watched(result, span)
      },
  )
}

/** The app gets the promise that is watched: one beside it would take its rejection for handled. */
function watched(result: Promise<unknown>, span: CommandSpan): Promise<unknown> {
  return result.then(
    value => {
      contained('observe.redis', () => span.succeed())
      return value
    },
    (error: unknown) => {
      contained('observe.redis', () => span.fail(error))
      throw error
    },
  )
}

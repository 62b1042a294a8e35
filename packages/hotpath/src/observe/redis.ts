import type { Attributes } from '../trace/attributes.js'
import { contained } from '../trace/counts.js'
import { onEsModule } from '../trace/es-module.js'
import { onModule } from '../trace/module-load.js'
import { recorder } from '../trace/recorder.js'
import { beginCommand, type CommandSpan } from './command-span.js'
import { patchMethod } from './patch-method.js'
import { type RedisServer, serverOf } from './redis-server.js'

/** On the line of a client, once that has begun to connect: where its commands go, and whether a cluster has made it. */
const SERVER = Symbol('hotpath.server')
const OF_CLUSTER = Symbol('hotpath.of-cluster')

interface Queue {
  [SERVER]?: () => Attributes
  [OF_CLUSTER]?: boolean
}
interface Client {
  readonly options?: { readonly socket?: RedisServer; readonly readonly?: boolean }
  _getQueue?(): Queue
}

/** What the client calls its own commands while it connects. */
const CONNECTING = 'Socket Initiator'

/** What a cluster sends before that which it was told to ask another server for. */
const ASKING = 'ASKING'

/** What a server of a cluster answers when another is to be asked. */
const REDIRECT = /^(MOVED|ASK) /

/**
 * Commands of redis (4 to 6, the package `@redis/client`), each once, with those of pipelines and
 * transactions: where they are put into the line of a connection. It publishes channels too, as ioredis does,
 * but a subscriber has them make a text of each argument, and a second promise.
 */
export function observeRedis(): void {
  onModule('/@redis/client/dist/lib/client/index.js', patchClient)
  onModule('/@redis/client/dist/lib/client/commands-queue.js', patchQueue)
  onEsModule('@redis/client', 'dist/lib/client/commands-queue.js', patchQueue)
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
          const { socket = {}, readonly } = client.options ?? {}
          if (queue === undefined) return
          queue[SERVER] = () => serverOf(socket)
          // A cluster says of each of its clients whether it may only read; alone one has no such option.
          queue[OF_CLUSTER] = readonly !== undefined
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
      function addCommand(args, options) {
        const name = Array.isArray(args) ? String(args[0]) : ''
        const { [SERVER]: server, [OF_CLUSTER]: ofCluster } = this as Queue
        const isOwn = isOfConnecting(options) || (ofCluster === true && name === ASKING)
        const span = recorder.enabled && !isOwn ? beginCommand('redis', name, server) : undefined
        const result = original.apply(this, arguments as unknown as unknown[])
        return span === undefined || !(result instanceof Promise)
          ? result
          : watched(result, span, ofCluster === true)
      },
  )
}

const isOfConnecting = (options: unknown): boolean =>
  (options as { readonly chainId?: symbol } | undefined)?.chainId?.description === CONNECTING

/** The app gets the promise that is watched: one beside it would take its rejection for handled. */
function watched(
  result: Promise<unknown>,
  span: CommandSpan,
  ofCluster: boolean,
): Promise<unknown> {
  return result.then(
    value => {
      contained('observe.redis', () => span.succeed())
      return value
    },
    (error: unknown) => {
      contained('observe.redis', () => {
        const [, redirect] = (ofCluster && REDIRECT.exec(String((error as Error).message))) || []
        if (redirect === undefined) span.fail(error)
        else span.sentOn(redirect)
      })
      throw error
    },
  )
}

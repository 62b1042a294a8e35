import type { Attributes } from '../trace/attributes.js'
import { contained } from '../trace/counts.js'
import { onEsModule } from '../trace/es-module.js'
import { onModule } from '../trace/module-load.js'
import { recorder } from '../trace/recorder.js'
import { beginCommand, type CommandSpan } from './command-span.js'
import { patchMethod } from './patch-method.js'

/** On a command that has begun: it is handed in again when its connection was not ready. */
const BEGUN = Symbol('hotpath.begun')

interface RedisCommand {
  readonly name?: unknown
  resolve?: unknown
  reject?: unknown
  [BEGUN]?: true
}
interface RedisClient {
  readonly status?: unknown
  readonly options?: { readonly host?: unknown; readonly port?: unknown; readonly path?: unknown }
}
type Settle = (this: unknown, value: unknown) => unknown

/** What ioredis sends for itself while it connects. */
const OWN = new Set(['auth', 'client', 'hello', 'info', 'readonly', 'select'])

/**
 * Commands of ioredis (4 to 6) and of redis (4 to 6, the package `@redis/client`), each once, with those of
 * pipelines and transactions: where they are put into the line of a connection. Both publish channels too,
 * but a subscriber has them make a text of each argument, and a second promise.
 */
export function observeRedis(): void {
  onModule('/ioredis/built/Redis.js', exports => {
    const { default: Redis = exports } = exports as { readonly default?: unknown }
    patchIoredis((Redis as { prototype: object }).prototype)
  })
  onModule('/ioredis/built/redis/index.js', exports =>
    patchIoredis((exports as { default: { prototype: object } }).default.prototype),
  )
  onModule('/@redis/client/dist/lib/client/commands-queue.js', patchQueue)
  onEsModule('@redis/client', 'dist/lib/client/commands-queue.js', patchQueue)
}

function patchIoredis(prototype: object): void {
  patchMethod(
    prototype,
    'sendCommand',
    original =>
      function sendCommand(command) {
        const redis = this as RedisClient
        const one = command as RedisCommand
        if (recorder.enabled && one[BEGUN] !== true) {
          contained('observe.redis', () => {
            one[BEGUN] = true
            if (redis.status === 'ready' || !OWN.has(String(one.name))) begin(one, redis)
          })
        }
        return original.apply(this, arguments as unknown as unknown[])
      },
  )
}

function begin(command: RedisCommand, { options }: RedisClient): void {
  const { name, resolve, reject } = command
  if (typeof resolve !== 'function' || typeof reject !== 'function') return
  const span = beginCommand('redis', String(name), () => serverOf(options ?? {}))
  if (span === undefined) return
  command.resolve = function (this: unknown, value: unknown) {
    contained('observe.redis', () => span.succeed())
    return (resolve as Settle).call(this, value)
  }
  command.reject = function (this: unknown, error: unknown) {
    contained('observe.redis', () => span.fail(error))
    return (reject as Settle).call(this, error)
  }
}

function serverOf({ host, port, path }: NonNullable<RedisClient['options']>): Attributes {
  if (typeof path === 'string') return { 'server.address': path.slice(path.lastIndexOf('/') + 1) }
  return {
    ...(typeof host === 'string' ? { 'server.address': host } : {}),
    ...(typeof port === 'number' ? { 'server.port': port } : {}),
  }
}

function patchQueue(exports: unknown): void {
  const { default: Queue } = exports as { default: { prototype: object } }
  patchMethod(
    Queue.prototype,
    'addCommand',
    original =>
      function addCommand(args) {
        const name = Array.isArray(args) ? String(args[0]) : ''
        const span = recorder.enabled ? beginCommand('redis', name) : undefined
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

import { HotpathError } from '../../errors.js'
import type {
  IoRedis,
  NodeRedis,
  NodeRedisCluster,
  NodeRedisSentinel,
  RedisClient,
  Subscriber,
} from './clients.js'

/** One, or more where it is no cluster. */
export type Keys = readonly [string, ...string[]]

/** What the driver asks of a client, whichever it is. */
export interface Commands {
  /** Keys lie on several servers. */
  readonly cluster: boolean
  /** Runs a command on the server of `key`; texts in its answer are bytes. */
  run(key: string, args: readonly (string | Buffer)[]): Promise<unknown>
  /** Runs the script of this hash, whose keys lie on one server; its texts may be texts. */
  runScript(hash: string, keys: Keys, args: readonly string[]): Promise<unknown>
  subscribe(
    channel: string,
    onMessage: (message: string) => void,
    onGap: () => void,
  ): () => Promise<void>
}

/** @throws HOTPATH_CACHE_OPTION, or the other code that is given */
export function commandsOf(
  client: RedisClient,
  code: 'HOTPATH_CACHE_OPTION' | 'HOTPATH_LIMIT_OPTION' = 'HOTPATH_CACHE_OPTION',
): Commands {
  const known = client as Partial<NodeRedisCluster & IoRedis> | null | undefined
  if (typeof known?.callBuffer === 'function') return new IoRedisCommands(client as IoRedis)
  if (typeof known?.sendCommand === 'function' && typeof known.withTypeMapping === 'function')
    return new NodeRedisCommands(client as NodeRedis | NodeRedisCluster | NodeRedisSentinel)
  const expected = 'a client of redis 5 or 6, or of ioredis 5 or 6'
  const got = client === null || client === undefined ? String(client) : `a ${typeof client}`
  throw new HotpathError(code, { option: 'client', expected, got })
}

/** `RESP_TYPES.BLOB_STRING` of `redis`: answers of this type are to be bytes. */
const BLOB = 36

/**
 * The client makes an AbortSignal for each command, a fifth of what a read costs here. The cache bounds its own
 * wait, so this is for commands that wait for a connection, which would pile up.
 */
const NO_TIMEOUT = { timeout: 0 }

/**
 * Keys of commands in one write. At 64 at once a quiet machine makes 202,000 decisions a second so, 110,000 with all of a
 * turn in one, when server and client wait for each other by turns, and 143,000 bare commands in a write each.
 */
const TOGETHER = 8

/** The app may replace the global timers; ours must be real. */
const { setImmediate } = globalThis

type Any = NodeRedis & NodeRedisCluster & NodeRedisSentinel

class NodeRedisCommands implements Commands {
  readonly cluster: boolean
  readonly #sentinel: boolean
  readonly #typed: Any

  constructor(private readonly client: NodeRedis | NodeRedisCluster | NodeRedisSentinel) {
    this.cluster = 'masters' in client
    this.#sentinel = 'getSentinelNode' in client
    this.#typed = client.withTypeMapping({ [BLOB]: Buffer }) as Any
  }

  run(key: string, args: readonly (string | Buffer)[]): Promise<unknown> {
    // Copied: the client may put its own in front of them.
    return this.#send(key, [...args])
  }

  runScript(hash: string, keys: Keys, args: readonly string[]): Promise<unknown> {
    return this.#send(keys[0], ['EVALSHA', hash, String(keys.length), ...keys, ...args])
  }

  #send(key: string, command: (string | Buffer)[]): Promise<unknown> {
    if (this.cluster) return this.#typed.sendCommand(key, false, command)
    if (this.#sentinel) return this.#typed.sendCommand(false, command)
    return this.#typed.sendCommand(command, this.#typed.isReady ? NO_TIMEOUT : undefined)
  }

  subscribe(
    channel: string,
    onMessage: (message: string) => void,
    onGap: () => void,
  ): () => Promise<void> {
    const own = this.client.duplicate() as Subscriber & {
      connect(): Promise<unknown>
      unref?(): void
      destroy(): void
    }
    for (const event of ['error', 'reconnecting', 'end', 'ready']) own.on(event, onGap)
    own.unref?.()
    let ended = false
    const take = (message: unknown) => {
      if (!ended) onMessage(String(message))
    }
    // It goes on by itself until it has connected; the rest of what it says of it comes as events.
    own
      .connect()
      .then(() => own.subscribe(channel, take))
      .then(onGap, onGap)
    return async () => {
      ended = true
      own.destroy()
    }
  }
}

class IoRedisCommands implements Commands {
  readonly cluster: boolean
  #gathers: IoRedis['stream']
  #gathered = 0

  constructor(private readonly client: IoRedis) {
    this.cluster = client.isCluster
  }

  run(_: string, args: readonly (string | Buffer)[]): Promise<unknown> {
    this.#gather(1)
    const [command, ...rest] = args
    return this.client.callBuffer(String(command), ...rest)
  }

  runScript(hash: string, keys: Keys, args: readonly string[]): Promise<unknown> {
    this.#gather(keys.length)
    return this.client.call('EVALSHA', hash, String(keys.length), ...keys, ...args)
  }

  /**
   * The client writes each command to its socket by itself, half of what a decision of a limit costs. Here some of
   * one turn of the event loop go out together: an answer could not be read before its end anyway.
   */
  #gather(keys: number): void {
    const { stream } = this.client
    if (stream === undefined || stream === null) return
    if (stream === this.#gathers) {
      if (this.#gathered >= TOGETHER) {
        stream.uncork()
        stream.cork()
        this.#gathered = 0
      }
      this.#gathered += keys
      return
    }
    this.#gathers = stream
    this.#gathered = keys
    stream.cork()
    setImmediate(() => {
      if (this.#gathers === stream) this.#gathers = undefined
      stream.uncork()
    })
  }

  subscribe(
    channel: string,
    onMessage: (message: string) => void,
    onGap: () => void,
  ): () => Promise<void> {
    const own = this.client.duplicate() as Subscriber & {
      disconnect(): void
      readonly stream?: { unref?(): void }
    }
    // What was on its way when it was ended is still taken from the socket.
    let ended = false
    own.on('message', (_, message) => {
      if (!ended) onMessage(String(message))
    })
    own.on('connect', () => own.stream?.unref?.())
    for (const event of ['error', 'close', 'end']) own.on(event, onGap)
    // At `ready` the subscription is not yet back: only its own answer says that it is.
    const hears = () => own.subscribe(channel).then(onGap, onGap)
    own.on('ready', () => void hears())
    return async () => {
      ended = true
      own.disconnect()
    }
  }
}

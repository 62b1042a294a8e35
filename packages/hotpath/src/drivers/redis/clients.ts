/**
 * The subset of the clients that we need. Structural, so that none of them is imported and any version
 * that has it will do.
 */
export type RedisClient = NodeRedis | NodeRedisCluster | NodeRedisSentinel | IoRedis

type Argument = string | Buffer

/** `createClient()` of `redis` 5 and 6. */
export interface NodeRedis {
  readonly isReady: boolean
  sendCommand(args: Argument[], options?: { timeout: number }): Promise<unknown>
  withTypeMapping(mapping: { 36: typeof Buffer }): unknown
  duplicate(): unknown
}

/** `createCluster()` of `redis` 5 and 6. */
export interface NodeRedisCluster {
  sendCommand(first: string, readonly: boolean, args: Argument[]): Promise<unknown>
  withTypeMapping(mapping: { 36: typeof Buffer }): unknown
  duplicate(): unknown
  readonly masters: readonly unknown[]
}

/** `createSentinel()` of `redis` 5 and 6. */
export interface NodeRedisSentinel {
  sendCommand(readonly: boolean, args: Argument[]): Promise<unknown>
  withTypeMapping(mapping: { 36: typeof Buffer }): unknown
  duplicate(): unknown
  getSentinelNode(): unknown
}

/** `new Redis()` and `new Cluster()` of `ioredis` 5 and 6. */
export interface IoRedis {
  readonly isCluster: boolean
  /** Its connection, where it is one and there is one. */
  readonly stream?: { cork(): void; uncork(): void } | null | undefined
  callBuffer(command: string, ...args: Argument[]): Promise<unknown>
  call(command: string, ...args: Argument[]): Promise<unknown>
  duplicate(): unknown
}

/** What a client's `duplicate()` is used for. Both kinds emit events by these names. */
export interface Subscriber {
  on(event: string, listener: (...args: unknown[]) => void): unknown
  subscribe(channel: string, listener?: (message: unknown) => void): Promise<unknown>
}

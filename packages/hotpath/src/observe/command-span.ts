import type { Attributes } from '../trace/attributes.js'
import { context } from '../trace/context.js'
import { caught } from '../trace/counts.js'
import type { ExponentialHistogram } from '../trace/histogram.js'
import { keeper } from '../trace/keeper.js'
import { recorder } from '../trace/recorder.js'
import { newSeries } from '../trace/series.js'
import { takeSite } from '../trace/site.js'
import { ActiveTrace, OpenSpan } from '../trace/span.js'
import { errorType } from './outgoing.js'

export type CommandSystem = 'redis' | 'memcached'

/** Names that an app may make up are as many as it likes. */
const MAX_COMMANDS = 500
/** Those of Redis 8 that apps use, and of Memcached; what is named otherwise may be the app's data. */
const NAMES = new Set(
  `APPEND AUTH BITCOUNT BITFIELD BITOP BITPOS BLMOVE BLMPOP BLPOP BRPOP BRPOPLPUSH BZMPOP BZPOPMAX BZPOPMIN
  CAS CLIENT CLUSTER COMMAND CONFIG COPY DBSIZE DECR DECRBY DECREMENT DEL DELETE DISCARD DUMP ECHO EVAL EVALSHA
  EVALSHA_RO EVAL_RO EXEC EXISTS EXPIRE EXPIREAT EXPIRETIME FCALL FCALL_RO FLUSH FLUSHALL FLUSHDB FUNCTION GEOADD
  GEODIST GEOHASH GEOPOS GEORADIUS GEOSEARCH GEOSEARCHSTORE GET GETBIT GETDEL GETEX GETRANGE GETS GETSET HDEL
  HELLO HEXISTS HEXPIRE HGET HGETALL HGETDEL HGETEX HINCRBY HINCRBYFLOAT HKEYS HLEN HMGET HMSET HPERSIST HPEXPIRE
  HRANDFIELD HSCAN HSET HSETEX HSETNX HSTRLEN HTTL HVALS INCR INCRBY INCRBYFLOAT INCREMENT INFO KEYS LCS LINDEX
  LINSERT LLEN LMOVE LMPOP LPOP LPOS LPUSH LPUSHX LRANGE LREM LSET LTRIM MEMORY MGET MONITOR MSET MSETEX MSETNX
  MULTI OBJECT PERSIST PEXPIRE PEXPIREAT PEXPIRETIME PFADD PFCOUNT PFMERGE PING PREPEND PSETEX PSUBSCRIBE PTTL
  PUBLISH PUBSUB PUNSUBSCRIBE QUIT RANDOMKEY READONLY READWRITE RENAME RENAMENX REPLACE RESET RESTORE RPOP
  RPOPLPUSH RPUSH RPUSHX SADD SCAN SCARD SCRIPT SDIFF SDIFFSTORE SELECT SET SETBIT SETEX SETNX SETRANGE SINTER
  SINTERCARD SINTERSTORE SISMEMBER SMEMBERS SMISMEMBER SMOVE SORT SORT_RO SPOP SPUBLISH SRANDMEMBER SREM SSCAN
  SSUBSCRIBE STATS STRLEN SUBSCRIBE SUBSTR SUNION SUNIONSTORE SUNSUBSCRIBE SWAPDB TIME TOUCH TTL TYPE UNLINK
  UNSUBSCRIBE UNWATCH VADD VSIM WAIT WATCH XACK XADD XAUTOCLAIM XCLAIM XDEL XGROUP XINFO XLEN XPENDING XRANGE
  XREAD XREADGROUP XREVRANGE XTRIM ZADD ZCARD ZCOUNT ZDIFF ZDIFFSTORE ZINCRBY ZINTER ZINTERCARD ZINTERSTORE
  ZLEXCOUNT ZMPOP ZMSCORE ZPOPMAX ZPOPMIN ZRANDMEMBER ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZRANGESTORE ZRANK ZREM
  ZREMRANGEBYLEX ZREMRANGEBYRANK ZREMRANGEBYSCORE ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCAN
  ZSCORE ZUNION ZUNIONSTORE`.split(/\s+/),
)
/** Of Redis's modules: `JSON.SET`, `FT.SEARCH`. */
const OF_MODULE = /^(?:BF|CF|CMS|FT|JSON|TDIGEST|TOPK|TS)\.[A-Z_]{1,20}$/

/** What all calls of one command share. */
class Command {
  private readonly ok: ExponentialHistogram
  private failed: ExponentialHistogram | undefined = undefined

  constructor(
    readonly system: CommandSystem,
    readonly name: string,
  ) {
    this.ok = this.series({})
  }

  record(seconds: number, failed: boolean): void {
    if (!failed) this.ok.record(seconds)
    else {
      this.failed ??= this.series({ 'error.type': 'error' })
      this.failed.record(seconds)
    }
  }

  private series(more: Attributes): ExponentialHistogram {
    return newSeries('db.client.operation.duration', {
      'db.system.name': this.system,
      'db.operation.name': this.name,
      ...more,
    })
  }
}

const commands = { redis: new Map<string, Command>(), memcached: new Map<string, Command>() }

function commandOf(system: CommandSystem, given: string): Command {
  const known = commands[system]
  const found = known.get(given)
  if (found !== undefined) return found
  const upper = given.toUpperCase()
  const isKnown = NAMES.has(upper) || OF_MODULE.test(upper)
  const name = isKnown && known.size < MAX_COMMANDS ? upper : '_OTHER'
  const command = known.get(name) ?? new Command(system, name)
  known.set(name, command)
  if (name !== '_OTHER') known.set(given, command)
  return command
}

/** One command of a cache: by its name alone, since keys and values are the app's data. */
export class CommandSpan extends OpenSpan {
  constructor(
    trace: ActiveTrace,
    parent: OpenSpan | undefined,
    /** What the async context held when the app made the call. */
    readonly caller: OpenSpan | undefined,
    private readonly command: Command,
    public server: (() => Attributes) | undefined,
  ) {
    super(trace, parent, 'client', command.name, undefined)
  }

  succeed(): void {
    this.over(false, undefined)
  }

  fail(error: unknown): void {
    this.over(true, error)
  }

  /** Another server is asked now, with a command of its own: `MOVED` or `ASK`. */
  sentOn(answer: string): void {
    this.add({ 'db.response.status_code': answer })
    this.over(false, undefined)
  }

  override describe(): Attributes {
    return {
      'db.system.name': this.command.system,
      'db.operation.name': this.command.name,
      ...this.server?.(),
      ...this.attributes,
    }
  }

  private over(failed: boolean, error: unknown): void {
    if (this.endMs >= 0) return
    if (failed) this.end('error', { 'error.type': errorType(error) })
    else this.end()
    this.command.record((this.endMs - this.startMs) / 1000, failed)
  }
}

/**
 * Begins a command. Outside of any request it is counted, and no trace is made of it: what keeps a
 * connection alive, or waits for the next job, is nobody's.
 *
 * @param server Where it goes; asked for kept traces only.
 * @returns undefined where it could not be begun.
 */
export function beginCommand(
  system: CommandSystem,
  name: string,
  server?: () => Attributes,
): CommandSpan | undefined {
  try {
    const caller = context.getStore()
    const parent = recorder.parentOf(caller)
    const trace = parent?.trace ?? new ActiveTrace(keeper)
    const span = new CommandSpan(trace, parent, caller, commandOf(system, name), server)
    if (parent !== undefined) {
      trace.hold(span)
      takeSite(span)
    }
    return span
  } catch {
    caught('observe.command')
    return undefined
  }
}

import net = require('node:net')
import nodeStream = require('node:stream')

/** Sync: the last message of a statement in PostgreSQL's extended protocol. */
const SYNC = Buffer.from([0x53, 0, 0, 0, 4])

/**
 * A connection that learns and then plays the server: between `learn` and `play` the answer to one statement
 * is kept, and given from memory to all that follow. What is left is the driver's own work, with no network
 * and no other process in it.
 */
class Replay extends nodeStream.Duplex {
  private readonly server: net.Socket
  private mode: 'through' | 'learning' | 'playing' = 'through'
  private answer: Buffer = Buffer.alloc(0)

  constructor(
    port: number,
    /** Whether an answer is due to what is written; MySQL's is one packet for each. */
    private readonly protocol: 'postgres' | 'mysql',
  ) {
    super()
    this.server = net.connect(port, '127.0.0.1', () => this.emit('connect'))
    this.server.on('data', bytes => {
      if (this.mode === 'learning') this.answer = Buffer.concat([this.answer, bytes])
      this.push(bytes)
    })
  }

  learn(): void {
    this.mode = 'learning'
  }

  play(): void {
    this.mode = 'playing'
  }

  override _write(bytes: Buffer, _encoding: string, done: () => void): void {
    if (this.mode !== 'playing') this.server.write(bytes)
    else if (this.protocol === 'mysql' || bytes.subarray(-SYNC.length).equals(SYNC))
      setImmediate(() => this.push(this.answer))
    done()
  }

  override _read(): void {}

  /** What drivers ask of a socket. */
  connect(): this {
    return this
  }
  setNoDelay(): this {
    return this
  }
  setKeepAlive(): this {
    return this
  }
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }
}

export = Replay

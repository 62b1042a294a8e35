import type { Socket } from 'node:net'
import { elsewhere } from '../../cache/elsewhere.js'
import { contained } from '../../trace/counts.js'
import { onModule } from '../../trace/module-load.js'
import { recorder } from '../../trace/recorder.js'
import { replace } from '../replace.js'
import { Lane } from './lane.js'
import { bufferOf, firstOf, named } from './startup.js'

type Write = (this: Socket, ...args: unknown[]) => boolean
type Push = (this: Socket, chunk: unknown, encoding?: unknown) => boolean

/** The app may replace the global timers; ours must be real. */
const { setTimeout } = globalThis

/** A config that takes longer holds nothing up. */
const MOST_MS = 2_000

/** Whether connections that are opened are looked at, and whether it is known what for. */
export const wire = { looks: true, decided: false }

let whenDecided: (() => void)[] = []

/** The config was read, and what it asks for is there. */
export function decide(): void {
  wire.decided = true
  if (elsewhere().watched) contained('gate.wire', gateTls)
  for (const tell of whenDecided) tell()
  whenDecided = []
}

function decision(): Promise<void> {
  return new Promise(resolve => {
    whenDecided.push(resolve)
    setTimeout(resolve, MOST_MS).unref()
  })
}

/** By the `write` that was put in place: a socket that connects again has Node's own. */
const looked = new WeakMap<Socket, Write>()
/** The gated copy of pg speaks now. */
let gated = 0

/**
 * Looks at what goes over connections to PostgreSQL that this process opens, so that no driver's statements
 * pass unseen: those of postgres.js, which is loaded as ES modules and cannot be gated, and of a pg that was
 * bundled into the app. Connections of other protocols are let alone after their first bytes.
 */
export function gateSockets(): void {
  opening(process.getBuiltinModule('node:net').Socket.prototype, 'connect')
  onModule('/pg/lib/connection.js', exports =>
    replace(
      (exports as { prototype: object }).prototype,
      'startup',
      original =>
        function startup(...args) {
          gated++
          try {
            return original.apply(this, args)
          } finally {
            gated--
          }
        },
    ),
  )
}

/** TLS over a socket that is connected already. Late: who asks for no cache does not load it because of us. */
function gateTls(): void {
  opening(process.getBuiltinModule('node:tls').TLSSocket.prototype, '_start')
}

function opening(prototype: object, name: string): void {
  replace(
    prototype,
    name,
    original =>
      function (this: unknown, ...args: unknown[]) {
        const result = original.apply(this, args)
        // Afterwards: Node puts its own `write` in place when it connects.
        if (wire.looks && recorder.enabled)
          contained('gate.wire', () => lookAtFirst(this as Socket))
        return result
      },
  )
}

/** Until it is known what is spoken. */
function lookAtFirst(socket: Socket): void {
  if (looked.get(socket) === socket.write) return
  const original = socket.write as Write
  const write: Write = function (...args) {
    const first = contained('gate.wire', () => firstOf(args[0])) ?? 'another protocol'
    if (first === 'asks encryption') {
      contained('gate.wire', gateTls)
      return original.apply(this, args)
    }
    // Put back, not deleted: objects of which something was deleted are slow. Unless somebody replaced it after us.
    if (socket.write === write) own(socket, 'write', original)
    const isOfPg = gated > 0
    if (first === 'another protocol' || isNoConcern(isOfPg)) return original.apply(this, args)
    return new Watched(socket, original, isOfPg).begin(args)
  }
  own(socket, 'write', write)
  looked.set(socket, write)
}

/** Nothing depends on what it does, or its statements are read one by one at the gate of pg. */
const isNoConcern = (isOfPg: boolean): boolean =>
  wire.decided && (!elsewhere().watched || (isOfPg && !elsewhere().pgToo))

/** A connection to PostgreSQL, from its first message to its end. */
class Watched {
  private readonly lane = new Lane()
  /** Opened before the config was read: the gate of pg has not seen what was asked for until then. */
  private readonly isEarly = !wire.decided
  private openedMs = 0
  /** What is held back, until the config was read, or all know of this connection. */
  private queue: unknown[][] | undefined = undefined
  private readonly push: Push
  private hears = false
  private hasArrived = false
  private isOver = false

  constructor(
    private readonly socket: Socket,
    private readonly original: Write,
    private readonly isOfPg: boolean,
  ) {
    const push = socket.push as Push
    this.push = push
    own(socket, 'write', (...args: unknown[]) => this.write(args))
    own(socket, 'push', (chunk: unknown, encoding?: unknown) => {
      if (chunk instanceof Uint8Array)
        contained('gate.wire', () => this.lane.incoming(bufferOf(chunk)))
      this.hears = true
      try {
        return push.call(socket, chunk, encoding)
      } finally {
        this.hears = false
        contained('gate.wire', () => this.letGoIdle())
      }
    })
    socket.once('close', () => contained('gate.wire', () => this.close()))
  }

  /** Its startup. A process that has not read its config yet does not know who must know of it. */
  begin(args: unknown[]): boolean {
    if (wire.decided) return this.starts(args)
    this.queue = [args]
    void decision().then(() => {
      const [startup = args, ...others] = this.queue ?? []
      this.queue = undefined
      if (this.isOver) return
      this.starts(startup)
      for (const one of others) this.write(one)
    })
    return true
  }

  private starts(args: unknown[]): boolean {
    const { held } = elsewhere()
    this.openedMs = recorder.now()
    if (held !== undefined)
      args[0] =
        contained('gate.wire', () => named(args[0] as Uint8Array, ` hp:${held.id}`)) ?? args[0]
    return this.original.apply(this.socket, args)
  }

  private write(args: unknown[]): boolean {
    if (this.queue !== undefined) {
      this.queue.push(args)
      return true
    }
    // What pg sends as soon as it hears may have been asked for before its gate had a stage.
    const isOld = this.isEarly && (this.hears || !this.lane.isIdle)
    if (isNoConcern(this.isOfPg) && !isOld) {
      this.letGo()
      return this.original.apply(this.socket, args)
    }
    const speaks = contained('gate.wire', () => this.lane.outgoing(bytesOf(args))) ?? true
    const { held } = elsewhere()
    if (held === undefined || !speaks || this.hasArrived)
      return this.original.apply(this.socket, args)
    this.hasArrived = true
    this.queue = [args]
    void held
      .arrives(recorder.now() - this.openedMs, isNoConcern(this.isOfPg))
      .then(() => this.goOn())
    return true
  }

  private goOn(): void {
    const [first, ...others] = this.queue ?? []
    this.queue = undefined
    if (first === undefined || this.isOver) return
    this.original.apply(this.socket, first)
    for (const args of others) this.write(args)
  }

  /** All that was asked for before the gate had a stage is answered. Whoever asks no more must not wait for ever. */
  private letGoIdle(): void {
    const isAnswered = this.queue === undefined && this.lane.isIdle
    if (this.isEarly && isAnswered && isNoConcern(this.isOfPg)) this.letGo()
  }

  /** From here on the gate of pg sees all of it. */
  private letGo(): void {
    if (this.isOver) return
    this.putBack()
    this.isOver = true
    if (this.hasArrived) elsewhere().held?.leaves(true)
  }

  private putBack(): void {
    own(this.socket, 'write', this.original)
    own(this.socket, 'push', this.push)
  }

  private close(): void {
    if (this.isOver) return
    this.isOver = true
    this.putBack()
    this.lane.closed()
    if (this.hasArrived) elsewhere().held?.leaves(false)
  }
}

function bytesOf([chunk, encoding]: readonly unknown[]): Buffer {
  if (chunk instanceof Uint8Array) return bufferOf(chunk)
  return Buffer.from(String(chunk), typeof encoding === 'string' ? (encoding as 'utf8') : 'utf8')
}

function own(socket: Socket, name: 'write' | 'push', value: unknown): void {
  Object.defineProperty(socket, name, {
    configurable: true,
    writable: true,
    enumerable: false,
    value,
  })
}

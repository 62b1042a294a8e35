import type { ServerResponse } from 'node:http'
import { fieldOf, type Head, headText, readHead } from './head.js'

/** Who is told of an answer. */
export interface Listener {
  /**
   * Decides what is said to CDNs, while the head can still be changed; undefined: nothing is. Asked for the
   * whole answer, or without a body for one that goes out in parts.
   */
  readonly mark?: ((head: Head, body: Buffer | undefined) => readonly string[]) | undefined
  /** The head is decided; false: what follows need not be kept. */
  head(head: Head): boolean
  /** The whole answer. */
  whole(head: Head, body: Buffer): void
  /** It cannot be kept; said once, and nothing after it. */
  lost(reason: LostReason): void
}

export type LostReason = 'large' | 'length' | 'trailers' | 'head' | 'left' | 'caught'

type Write = ServerResponse['write']
type End = ServerResponse['end']

/** Where a response keeps who follows it: a route in the config may be mounted by hand as well. */
const TAP = Symbol('hotpath.tap')
type Tap = Capture[]

/**
 * Follows an answer while the app writes it. What Node puts together as the head is the head on the wire.
 * Bytes are copied: handlers use their buffers again.
 */
export function capture(
  response: ServerResponse,
  maxBytes: number,
  listener: Listener,
  caught: () => void,
): void {
  tap(response).push(new Capture(response, maxBytes, listener, caught))
}

/**
 * Puts own properties of the response over the prototype's: never `setPrototypeOf`, which costs a third of
 * the speed and which Express undoes. Who does so before the app sees the response gets what goes over the
 * wire, below all that middleware puts on top: bytes as they are compressed, with the head that says so.
 * Until somebody captures, it follows nothing.
 */
export function tap(response: ServerResponse): Tap {
  const known = Reflect.get(response, TAP) as Tap | undefined
  if (known !== undefined) return known
  const captures: Tap = []
  Reflect.set(response, TAP, captures)
  const { writeHead, write, end, addTrailers } = response
  own(response, 'writeHead', function (this: ServerResponse, ...args: unknown[]) {
    const result: unknown = Reflect.apply(writeHead, this, args)
    for (const one of captures) one.seeHead()
    for (const one of captures) one.mark()
    return result
  })
  own(response, 'write', function (this: ServerResponse, ...args: Parameters<Write>) {
    if (!this.writableEnded) for (const one of captures) one.add(args[0], args[1])
    return Reflect.apply(write, this, args)
  })
  own(response, 'end', function (this: ServerResponse, ...args: Parameters<End>) {
    if (this.writableEnded) return Reflect.apply(end, this, args) as unknown
    for (const one of captures) {
      one.add(args[0], args[1])
      one.beforeEnd()
      one.mark(true)
    }
    const result: unknown = Reflect.apply(end, this, args)
    for (const one of captures) one.ended()
    return result
  })
  own(response, 'addTrailers', function (this: ServerResponse, ...args: unknown[]) {
    for (const one of captures) one.lose('trailers')
    return Reflect.apply(addTrailers, this, args) as unknown
  })
  return captures
}

/** One answer on its way out. */
class Capture {
  private readonly chunks: Buffer[] = []
  private bytes = 0
  private head: Head | undefined
  private over = false
  /** The client left before the app had said all, and nothing tells whether the app stopped because of it. */
  private maybeCut = false
  /** The app has said all. */
  private ending = false
  /** The head as Node has put it together: what is on the wire has marks for CDNs besides. */
  private text: unknown = undefined

  constructor(
    private readonly response: ServerResponse,
    private readonly maxBytes: number,
    private readonly listener: Listener,
    private readonly caught: () => void,
  ) {}

  add(chunk: unknown, encoding: unknown): void {
    if (this.over || chunk === null || chunk === undefined || typeof chunk === 'function') return
    this.guarded(() => {
      const bytes =
        typeof chunk === 'string'
          ? Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
          : Buffer.from(chunk as Uint8Array)
      this.bytes += bytes.length
      if (this.bytes > this.maxBytes) this.lose('large')
      else this.chunks.push(bytes)
    })
  }

  seeHead(): void {
    this.text ??= Reflect.get(this.response, '_header') ?? undefined
    if (this.over || this.head !== undefined) return
    this.guarded(() => {
      this.head = readHead(this.text)
      if (this.head === undefined) this.lose('head')
      else if (!this.listener.head(this.head)) this.finish()
    })
  }

  beforeEnd(): void {
    const { response, head } = this
    if (this.over || !hasLeft(response)) return
    this.guarded(() => {
      // A length that the app has set: Node's own would be that of what it happened to end with.
      this.maybeCut = !(head === undefined
        ? response.hasHeader('content-length')
        : fieldOf(head.fields, 'content-length') !== undefined)
      // To a client that has left Node writes no head, and the answer is wanted nevertheless.
      if (response.destroyed && !response.headersSent) response.writeHead(response.statusCode)
    })
  }

  /**
   * Marks the head for CDNs, in the text that Node is about to send: at `end` all is known of the answer,
   * and frameworks write the head before it. Until then it is marked as not to be kept.
   */
  mark(ending = false): void {
    this.ending ||= ending
    const { response, listener, text } = this
    if (listener.mark === undefined || typeof text !== 'string' || isUnderway(response)) return
    try {
      const head = readHead(text)
      if (head === undefined) return
      const fields = listener.mark(head, this.ending && !this.over ? this.body() : undefined)
      Reflect.set(response, '_header', headText({ ...head, fields }))
    } catch {
      this.caught()
    }
  }

  private body(): Buffer {
    // Once: it is asked for by the marks, and by who keeps it.
    const body = Buffer.concat(this.chunks)
    this.chunks.splice(0, this.chunks.length, body)
    return body
  }

  ended(): void {
    if (this.over) return
    this.guarded(() => {
      this.seeHead()
      const { head } = this
      if (this.over || head === undefined) return
      const body = hasNoBody(head.status) ? EMPTY : this.body()
      const told = fieldOf(head.fields, 'content-length')
      if (this.maybeCut) this.lose('left')
      else if (told !== undefined && !hasNoBody(head.status) && Number(told) !== body.length)
        this.lose('length')
      else {
        this.finish()
        this.listener.whole(head, body)
      }
    })
  }

  lose(reason: LostReason): void {
    if (this.over) return
    this.finish()
    this.listener.lost(reason)
  }

  private finish(): void {
    this.over = true
    this.chunks.length = 0
  }

  private guarded(fn: () => void): void {
    try {
      fn()
    } catch {
      this.caught()
      try {
        this.lose('caught')
      } catch {
        this.caught()
      }
    }
  }
}

const EMPTY = Buffer.alloc(0)

/** Handlers hear of `aborted` before the response is destroyed; behind another it has no socket yet. */
function hasLeft({ destroyed, req, socket }: ServerResponse): boolean {
  return destroyed || Reflect.get(req, 'aborted') === true || socket?.destroyed === true
}

/** Its head is on the wire; or this Node keeps no such note, and then nothing is changed. */
export const isUnderway = (response: ServerResponse): boolean =>
  Reflect.get(response, '_headerSent') !== false

const hasNoBody = (status: number): boolean => status === 204 || status === 304

function own(response: ServerResponse, name: string, value: unknown): void {
  Object.defineProperty(response, name, { value, writable: true, configurable: true })
}

import { Socket } from 'node:net'

/** What a socket says of itself and its peer, at the moment when the request came. */
const SAID = [
  'remoteAddress',
  'remotePort',
  'remoteFamily',
  'localAddress',
  'localPort',
  'localFamily',
  'encrypted',
  'authorized',
  'authorizationError',
  'alpnProtocol',
  'servername',
  'server',
]

/** Methods of a TLS socket that only look: asked now, since the connection may be gone later. */
const LOOKS = [
  'getPeerCertificate',
  'getPeerX509Certificate',
  'getCertificate',
  'getX509Certificate',
  'getCipher',
  'getEphemeralKeyInfo',
  'getProtocol',
  'getSharedSigalgs',
  'isSessionReused',
]

/**
 * A socket that takes everything, says nothing, and is to a handler the one that its request came by. A
 * `net.Socket` without a connection: what a handler asks of it is there, so that none fails behind its
 * client's back.
 */
export class SilentSocket extends Socket {
  constructor(real: Socket) {
    super()
    const address = real.address()
    this.say('address', () => address)
    this.say('connecting', false)
    this.say('pending', false)
    for (const name of SAID) if (name in real) this.say(name, Reflect.get(real, name))
    if (!('getPeerCertificate' in real)) return
    for (const name of LOOKS) {
      const value = asked(real, name)
      this.say(name, () => value)
    }
    // All others of a TLS socket change the connection, or hold keys of it.
    for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(real)))
      if (!(name in this)) this.say(name, () => undefined)
  }

  override _read(): void {}

  override _write(_chunk: unknown, _encoding: unknown, done: () => void): void {
    done()
  }

  override _writev(_chunks: unknown, done: () => void): void {
    done()
  }

  override _final(done: () => void): void {
    done()
  }

  // A timer would end nothing: no client waits.
  override setTimeout(): this {
    return this
  }

  private say(name: string, value: unknown): void {
    Object.defineProperty(this, name, { value, writable: true, configurable: true })
  }
}

function asked(real: Socket, name: string): unknown {
  try {
    return Reflect.apply(Reflect.get(real, name) as () => unknown, real, [])
  } catch {
    return undefined
  }
}

import type { IncomingMessage } from 'node:http'
import { BlockList } from 'node:net'
import type { TrustProxy } from '../config/trust-proxy.js'
import { clientOf, IPV6_PREFIX, plainAddress } from './address.js'
import { type ForwardedHeader, hopsOf } from './forwarded.js'
import { headerValue, rawListOf } from './header-value.js'

/** Blocks that have a name: RFC 1122, RFC 3927, RFC 1918, RFC 4193. */
const NAMED: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
}

/** Addresses of connections whose client is known, before all of them are read anew: 100 kB. */
const MOST_PEERS = 1_000

/** What of a request tells where it came from. */
export type Arrived = Pick<IncomingMessage, 'rawHeaders'> & {
  readonly socket: {
    readonly remoteAddress?: string | undefined
    readonly server?: { address?(): unknown } | null
  } | null
}

/**
 * Tells whose request it is by the address: that of the connection, and while the other end is a proxy that
 * is trusted, the one that it says. Header lines of others are not looked at.
 *
 *     const addresses = new ClientAddresses({ trustProxy: ['10.0.0.0/8'] })
 *     addresses.of(request)  // '203.0.113.9', or '2001:db8:0:1:0:0:0:0/64'
 */
export class ClientAddresses {
  readonly #trusts: (address: string | undefined, hop: number) => boolean
  readonly #header: ForwardedHeader
  readonly #prefix: number
  /** Where nobody is trusted a connection tells its client, the same for each of its requests. */
  readonly #peers: Map<string, string> | undefined

  constructor({
    trustProxy,
    ipv6Prefix = IPV6_PREFIX,
  }: {
    readonly trustProxy?: TrustProxy | undefined
    readonly ipv6Prefix?: number | undefined
  } = {}) {
    const said = typeof trustProxy === 'object' && 'from' in trustProxy ? trustProxy : undefined
    this.#trusts = trusting(said?.from ?? (trustProxy as Exclude<TrustProxy, { from: unknown }>))
    this.#header = said?.header ?? 'x-forwarded-for'
    this.#prefix = ipv6Prefix
    const trustsNobody = trustProxy === undefined || trustProxy === false
    this.#peers = trustsNobody ? new Map<string, string>() : undefined
  }

  /** The client; undefined: its connection is gone, or is a Unix socket of which nobody says more. */
  of(request: Arrived): string | undefined {
    const peers = this.#peers
    if (peers === undefined) return this.#read(request)
    const peer = request.socket?.remoteAddress
    if (peer === undefined) return this.#read(request)
    const known = peers.get(peer)
    if (known !== undefined) return known
    const client = this.#read(request)
    if (peers.size >= MOST_PEERS) peers.clear()
    if (client !== undefined) peers.set(peer, client)
    return client
  }

  #read(request: Arrived): string | undefined {
    const address = this.address(request)
    return address === undefined ? undefined : clientOf(address, this.#prefix)
  }

  /** Its whole address, in one form. */
  address(request: Arrived): string | undefined {
    const { socket } = request
    const peer = socket?.remoteAddress
    let address = peer === undefined ? undefined : plainAddress(peer)
    // A connection that was reset has no address either, and may be anybody's.
    if (address === undefined && !isUnixSocket(socket)) return undefined
    if (!this.#trusts(address, 0)) return address
    const value = headerValue(rawListOf(request), this.#header)
    if (value === '') return address
    let hop = 1
    for (const told of hopsOf(this.#header, value)) {
      // No address: what is left of it nobody vouches for.
      if (told === undefined) return address
      address = told
      if (!this.#trusts(address, hop++)) return address
    }
    return address
  }
}

type Trusts = (address: string | undefined, hop: number) => boolean

function trusting(trusted: Exclude<TrustProxy, { from: unknown }> | undefined): Trusts {
  if (trusted === undefined || trusted === false) return () => false
  if (typeof trusted === 'number') return (_, hop) => hop < trusted
  const named = typeof trusted === 'string' ? [trusted] : trusted
  const local = named.includes('loopback')
  const list = new BlockList()
  for (const block of named.flatMap(name => NAMED[name] ?? [name])) {
    const [address = '', bits] = block.split('/')
    const family = address.includes(':') ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  // Who speaks over a Unix socket is on this machine.
  return address =>
    address === undefined ? local : list.check(address, address.includes(':') ? 'ipv6' : 'ipv4')
}

/** A server that listens on a path gives that as its address. */
const isUnixSocket = (socket: Arrived['socket']): boolean =>
  typeof socket?.server?.address?.() === 'string'

import type { BlockList } from 'node:net'

let configured: BlockList | undefined

/** Believes peers in these addresses and blocks, besides loopback: `['10.0.0.0/8', '::1']`. */
export function trustPeers(blocks: readonly string[]): void {
  if (blocks.length === 0) return
  const { BlockList } = process.getBuiltinModule('node:net')
  const list = new BlockList()
  for (const block of blocks) {
    const [address = '', bits] = block.split('/')
    const family = address.includes(':') ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  configured = list
}

/** What we need of a connection to a server. */
interface Connection {
  readonly remoteAddress?: string | undefined
  readonly server?: { address?(): unknown } | null
}

/**
 * Whether what this peer says of its trace is believed. On a Unix socket it has no address and is local;
 * elsewhere it has none once it reset the connection, and is anybody.
 */
export function isTrusted(connection: Connection): boolean {
  const address = connection.remoteAddress
  if (address === undefined || address === '') return isUnixSocket(connection)
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address
  if (plain.startsWith('127.') || plain === '::1') return true
  return configured?.check(plain, plain.includes(':') ? 'ipv6' : 'ipv4') ?? false
}

/** A server that listens on a path gives that as its address. */
function isUnixSocket({ server }: Connection): boolean {
  return typeof server?.address?.() === 'string'
}

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

/** Whether what this peer says of its trace is believed. A Unix socket has no address: it is local. */
export function isTrusted(address: string | undefined): boolean {
  if (address === undefined || address === '') return true
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address
  if (plain.startsWith('127.') || plain === '::1') return true
  return configured?.check(plain, plain.includes(':') ? 'ipv6' : 'ipv4') ?? false
}

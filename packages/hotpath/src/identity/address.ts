import { isIP, isIPv6 } from 'node:net'

/** What of an IPv6 address tells one client: a home or a host gets a /64 at least (RFC 6177, RFC 7934). */
export const IPV6_PREFIX = 64

/**
 * An address as text of one form: IPv4 as it is, also where it comes inside of IPv6 (RFC 4291, 2.5.5.2, and
 * NAT64, RFC 6052); IPv6 in eight groups of lower case, without its zone. Undefined: it is none.
 *
 *     plainAddress('::ffff:10.0.0.1') // '10.0.0.1'
 *     plainAddress('2001:DB8::1')     // '2001:db8:0:0:0:0:0:1'
 */
export function plainAddress(text: string): string | undefined {
  const family = text.length > 100 ? 0 : isIP(text)
  if (family === 0) return undefined
  if (family === 4) return text
  const groups = groupsOf(text)
  const embedded = isMapped(groups) || isNat64(groups)
  if (!embedded) return groups.map(group => group.toString(16)).join(':')
  const [high = 0, low = 0] = groups.slice(6)
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

/**
 * What of a plain address tells one client from another: of IPv6 the first `prefix` bits.
 *
 *     clientOf('2001:db8:0:1:0:0:0:9', 64) // '2001:db8:0:1:0:0:0:0/64'
 */
export function clientOf(address: string, prefix: number = IPV6_PREFIX): string {
  if (prefix >= 128 || !address.includes(':')) return address
  const groups = groupsOf(address).map((group, at) => {
    const bits = Math.min(16, Math.max(0, prefix - at * 16))
    return group & (0xffff << (16 - bits)) & 0xffff
  })
  return `${groups.map(group => group.toString(16)).join(':')}/${prefix}`
}

/** Whether text is an IPv6 address; one in brackets is not. */
export const isV6 = (text: string): boolean => isIPv6(text)

/** The eight groups of an address that `isIP` takes. */
function groupsOf(text: string): number[] {
  const [bare = ''] = text.split('%')
  const [before = '', after] = bare.split('::')
  const head = groupsIn(before)
  if (after === undefined) return head
  const tail = groupsIn(after)
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => 0)
  return [...head, ...zeros, ...tail]
}

function groupsIn(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap(part => {
    if (!part.includes('.')) return [Number.parseInt(part, 16)]
    const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number)
    return [a * 256 + b, c * 256 + d]
  })
}

const isMapped = (groups: readonly number[]): boolean =>
  groups[5] === 0xffff && groups.slice(0, 5).every(group => group === 0)

/** 64:ff9b::/96: clients of IPv4 behind one translator would be one client by their first 64 bits. */
const isNat64 = (groups: readonly number[]): boolean =>
  groups[0] === 0x64 && groups[1] === 0xff9b && groups.slice(2, 6).every(group => group === 0)

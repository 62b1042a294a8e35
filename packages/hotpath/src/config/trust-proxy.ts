import { isIP } from 'node:net'
import { isAddressBlock } from './addresses.js'
import type { Rule } from './rule.js'

/**
 * Which proxies are believed when they say whose request they hand on. By their addresses: a list of
 * addresses, blocks and the names `loopback`, `linklocal`, `private`; or by their number, where nobody can
 * reach the app past them. Only the header that they write may be named: one that they pass on as it came
 * is the client's word.
 *
 *     trustProxy: ['10.0.0.0/8', 'loopback']
 *     trustProxy: 1
 *     trustProxy: { from: 'private', header: 'forwarded' }
 */
export type TrustProxy =
  | false
  | number
  | string
  | readonly string[]
  | {
      readonly from: number | string | readonly string[]
      /** Default `x-forwarded-for`. */
      readonly header?: 'x-forwarded-for' | 'forwarded'
    }

const NAMES = ['loopback', 'linklocal', 'private']
const isPeer = (value: unknown): boolean =>
  NAMES.includes(String(value)) ||
  (isAddressBlock(value) && isIP(String(value).split('/')[0] as string) > 0)

function isTrusted(value: unknown): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 1 && value <= 32
  if (Array.isArray(value)) return value.length > 0 && value.every(isPeer)
  return typeof value === 'string' && isPeer(value)
}

const from =
  "blocks such as ['10.0.0.0/8'], 'loopback', 'linklocal' or 'private', or the number of proxies from 1 to 32"

/** `trustProxy`. */
export const trustProxyRule: Rule = {
  expected: from,
  check: value =>
    value === false ||
    isTrusted(value) ||
    (typeof value === 'object' && value !== null && 'from' in value),
  keysOf: value =>
    Array.isArray(value) || typeof value !== 'object'
      ? undefined
      : {
          from: { expected: from, check: isTrusted },
          header: {
            expected: "'x-forwarded-for' or 'forwarded'",
            check: header => header === 'x-forwarded-for' || header === 'forwarded',
          },
        },
}

/** `ipv6Prefix`. */
export const ipv6PrefixRule: Rule = {
  expected: 'a number of bits from 32 to 128',
  check: value =>
    Number.isSafeInteger(value) && (value as number) >= 32 && (value as number) <= 128,
}

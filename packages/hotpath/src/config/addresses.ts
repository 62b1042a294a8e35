import type { Check } from './rule.js'

/** `http://127.0.0.1:4318` and the like. */
export const isHttpUrl: Check = value =>
  typeof value === 'string' && /^https?:\/\//i.test(value) && URL.canParse(value)

/** An address, or a block of them such as `10.0.0.0/8`. */
export const isAddressBlock: Check = value => {
  if (typeof value !== 'string') return false
  const [address = '', bits, ...more] = value.split('/')
  if (more.length > 0 || !/^[0-9a-fA-F.:]+$/.test(address)) return false
  const most = address.includes(':') ? 128 : 32
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most)
}

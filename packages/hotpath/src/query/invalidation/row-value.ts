import type { Wire } from '../wire.js'
import type { KeyType } from './facts.js'

/**
 * The one text of all that mean the same value of this type: `007` and `7` are one integer. Undefined
 * where the text may mean something else than it says.
 */
export function rowText(type: KeyType, wire: Wire | undefined): string | undefined {
  if (typeof wire !== 'string') return undefined
  switch (type) {
    case 'text':
      return wire
    case 'integer':
      // Nearly all: a tenth of what the way below costs.
      if (wire.length < 16 && /^[1-9]\d*$/.test(wire)) return wire
      // Also from 16 on `0x1f` and `1_000` are integers: no text that an app would send.
      return /^\s*[+-]?\d{1,19}\s*$/.test(wire)
        ? String(BigInt(wire.trim().replace('+', '')))
        : undefined
    case 'uuid': {
      const hex = wire.replaceAll(/[-{}]/g, '').toLowerCase()
      return /^[0-9a-f]{32}$/.test(hex) ? hex : undefined
    }
  }
}

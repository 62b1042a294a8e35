import type { Strictness } from './strictness.js'

/**
 * Strict mode was asked for and is not there, yet or at all: nothing is given from a cache, and nobody can be
 * told of a change.
 */
export const closed: Strictness = {
  holds: async () => false,
  knows: () => false,
  learn: async () => {},
  renew: async () => false,
  joinsBlindly: false,
}

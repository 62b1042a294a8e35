import type { IndexCase } from './case.js'
import { dropCases } from './cases-drops.js'
import { joinCases } from './cases-joins.js'
import { kindCases } from './cases-kinds.js'
import { noneCases } from './cases-none.js'
import { orderCases } from './cases-order.js'
import { placeCases } from './cases-places.js'

export const cases: readonly IndexCase[] = [
  ...orderCases,
  ...kindCases,
  ...joinCases,
  ...placeCases,
  ...noneCases,
  ...dropCases,
]

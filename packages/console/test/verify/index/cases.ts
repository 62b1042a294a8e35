import type { IndexCase } from './case.js'
import { noneCases } from './cases-none.js'
import { orderCases } from './cases-order.js'

export const cases: readonly IndexCase[] = [...orderCases, ...noneCases]

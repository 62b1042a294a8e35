import type { Rule } from './rule.js'

/**
 * What the requests of a route may take; `hotpath check` fails on more: docs/check.md.
 *
 *     routes: { 'GET /users': { maxStatements: 5, maxMs: 50 } }
 */
export interface BudgetConfig {
  /** Statements that one request may send to the database, BEGIN and COMMIT too. */
  readonly maxStatements?: number
  /** Milliseconds that the request in the middle may take, of all of the route in a run. */
  readonly maxMs?: number
}

export const budgetRules: Readonly<Record<keyof BudgetConfig, Rule>> = {
  maxStatements: {
    expected: 'a whole number from 0 up',
    check: value => Number.isSafeInteger(value) && (value as number) >= 0,
  },
  maxMs: {
    expected: 'a number of milliseconds above 0, such as 50',
    check: value => typeof value === 'number' && value > 0 && Number.isFinite(value),
  },
}

import type { Overrun } from '../diagnose/budgets.js'
import { count, counted, duration } from '../diagnose/figures.js'

/** `14 statements in a request; its budget is 5.` */
export function inBudgetWords({ budget, limit, measured, requests }: Overrun): string {
  if (budget === 'maxStatements')
    return `${counted(measured, 'statement')} in one request; the budget (maxStatements) is ${count(limit)}.`
  return `${duration(measured)} for the request in the middle of ${count(requests)}; the budget (maxMs) is ${duration(limit)}.`
}

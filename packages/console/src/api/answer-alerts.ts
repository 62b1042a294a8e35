import type { Notifier } from '../watch/notify/notifier.js'
import type { WatchedAlert } from '../watch/watcher.js'
import { conditionOf, unitOf } from '../watch/words.js'
import type { AlertRow, AlertsAnswer } from './answers.js'
import { allowOnly } from './window.js'

/** More rows are nothing to read; those that fire come first. */
const mostRows = 1_000

const order: readonly AlertRow['state'][] = ['firing', 'pending', 'resolved', 'inactive']

/** Every alert that the console watches, firing first. `service` leaves the others out. */
export function answerAlerts(
  alerts: readonly WatchedAlert[],
  notifiers: readonly Notifier[],
  notes: readonly string[],
  query: URLSearchParams,
): AlertsAnswer {
  allowOnly(query, [])
  const service = query.get('service') || null
  const rows = alerts
    .map(rowOf)
    .filter(row => service === null || row.service === service || row.service === '*')
    .sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state))
  const left = rows.length - mostRows
  return {
    alerts: rows.slice(0, mostRows),
    notifiers: notifiers.map(({ name }) => name),
    notes: left > 0 ? [...notes, `Alerts that found no place in this list: ${left}.`] : notes,
  }
}

function rowOf({ rule, service, route, state, deliveries }: WatchedAlert): AlertRow {
  return {
    rule: rule.name,
    condition: conditionOf(rule),
    service: service ?? '*',
    route,
    state: state?.state ?? 'inactive',
    sinceMs: state?.sinceMs ?? null,
    value: state?.last.value ?? null,
    bound: state?.last.bound ?? (rule.bound === 'unusual' ? null : rule.bound),
    unit: unitOf(rule),
    deliveries: Object.entries(deliveries).map(([notifier, receipt]) => ({ notifier, ...receipt })),
  }
}

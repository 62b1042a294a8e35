import { counted, duration } from '../../diagnose/figures.js'
import { type AlertLine, ended, type Message } from '../message.js'
import { figureOf } from '../words.js'

/** The sentences of a message, that each notifier puts into its own form. Plain text, not escaped. */
export interface Told {
  readonly title: string
  /** Of those that found no place; null when all did. */
  readonly rest: string | null
  line(line: AlertLine): {
    /** `Firing:` and what it is about follows. */
    readonly headline: string
    /** `340 ms, bound 200 ms, 1,204 requests`. */
    readonly figures: string
    readonly finding: string | null
  }
}

export function told(message: Message): Told {
  return {
    title: titleOf(message),
    rest: message.more === 0 ? null : `and ${counted(message.more, 'more alert')}`,
    line: line => ({
      headline: headlines[line.kind],
      figures: figuresOf(line, message),
      finding: findingOf(line),
    }),
  }
}

const headlines: Readonly<Record<AlertLine['kind'], string>> = {
  fired: 'Firing:',
  firing: 'Still firing:',
  resolved: 'Resolved:',
  quiet: 'Ended without traffic:',
  removed: 'Ended, the rule is gone:',
}

function titleOf(message: Message): string {
  const { rule, alerts, more, firing } = message
  const [first] = alerts
  const where = first === undefined ? '' : `: ${first.route ?? first.service}`
  const all = alerts.length + more
  const what = all === 1 ? where : `: ${counted(all, 'alert')}`
  switch (message.kind) {
    case 'test':
      return `Test of Hotpath's alerts${where}`
    case 'resolved':
      return `Resolved: ${rule}${what}`
    case 'reminder':
      return `Still firing: ${rule}${what}`
    case 'firing': {
      if (alerts.every(ended))
        return `Partly resolved: ${rule}${what}, ${counted(firing, 'still fires', 'still fire')}`
      return `Firing: ${rule}${what}`
    }
  }
}

function figuresOf(line: AlertLine, { unit, condition }: Message): string {
  const { value, bound, usual, requests, beganMs, atMs } = line
  const lasted = duration(Math.max(1_000, atMs - beganMs))
  if (line.kind === 'quiet') return `Too few requests came to say more; it began ${lasted} before.`
  const metric = condition.split(' ', 1)[0] ?? ''
  const figures = [
    `${metric} ${figureOf(unit, value)}`,
    ...(usual === null ? [] : [`usually ${figureOf(unit, usual)}`]),
    `bound ${figureOf(unit, bound)}`,
    counted(requests, 'request'),
  ].join(', ')
  return ended(line) ? `${figures}; it lasted ${lasted}` : `${figures}; for ${lasted}`
}

function findingOf({ finding }: AlertLine): string | null {
  if (finding === undefined) return null
  const { title, where, fix } = finding
  return `${title}${where === null ? '' : `, ${where}`}${fix === null ? '' : ` (${fix})`}`
}

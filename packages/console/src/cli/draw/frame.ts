import type { WindowAnswer } from '../../api/answers.js'
import { duration } from '../../diagnose/figures.js'
import type { Screen } from './screen.js'
import { middle, plain, width, wrap } from './text.js'

/** `coffee-shop · 15 min · 18,402 requests`; long names of services are cut. */
export function heading(answer: WindowAnswer, what: string, { columns, paint }: Screen): string {
  const services = answer.service === null ? answer.services : [answer.service]
  const shown = services.slice(0, 3).map(plain)
  const more = services.length - shown.length
  const who = shown.length === 0 ? 'no service' : shown.join(', ') + (more > 0 ? ` +${more}` : '')
  const rest = ` · ${span(answer)} · ${what}`
  return paint('strong', middle(who, columns - width(rest))) + rest
}

/** The window's length: `15 min`. */
export function span({ sinceMs, untilMs }: WindowAnswer): string {
  // To the second: a window that began at a time, not a length ago, is odd by some milliseconds.
  return duration(Math.max(1_000, Math.round((untilMs - sinceMs) / 1e3) * 1e3))
}

/** What to say when a window holds nothing: where there is something, or how to begin. */
export function emptyWindow(answer: WindowAnswer, screen: Screen): string[] {
  const who = answer.service === null ? '' : ` of ${plain(answer.service)}`
  if (answer.newestMs === null)
    return [
      '  Nothing was recorded yet. Attach Hotpath to an app and send it requests:',
      ...nextSteps(['hotpath dev -- npm start'], screen),
    ]
  const agoMs = Math.max(0, answer.untilMs - answer.newestMs)
  const lines = [`  Nothing${who} was recorded in the last ${span(answer)}.`]
  if (answer.newestMs >= answer.sinceMs) {
    const known = answer.services.map(plain).join(', ')
    return known === '' ? lines : [...lines, `  Services that sent something: ${known}.`]
  }
  const hours = Math.ceil((agoMs + 900_000) / 3_600_000)
  return [
    ...lines,
    `  The newest is ${span({ ...answer, sinceMs: answer.newestMs })} old.`,
    ...nextSteps([`--since ${hours < 72 ? `${hours}h` : `${Math.ceil(hours / 24)}d`}`], screen),
  ]
}

/** What was not counted or did not arrive, marked, each wrapped. */
export function notes(sentences: readonly string[], { columns, paint }: Screen): string[] {
  return sentences.flatMap(sentence =>
    wrap(plain(sentence), columns - 4).map(
      (line, i) => `  ${i === 0 ? paint('bad', '!') : ' '} ${line}`,
    ),
  )
}

/** The last lines: the commands to go on with, beside each other where there is room. */
export function nextSteps(commands: readonly string[], { columns, suggest }: Screen): string[] {
  const whole = commands.map(suggest)
  const line = `  ${whole.join('     ')}`
  return ['', ...(width(line) <= columns ? [line] : whole.map(command => `  ${command}`))]
}

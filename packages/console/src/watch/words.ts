import type { AlertRule } from '../config/alerts.js'
import { duration, percent } from '../diagnose/figures.js'

/** `average over 200 ms for 1 min on GET /menu`. */
export function conditionOf(rule: AlertRule): string {
  const bound =
    rule.bound === 'unusual' ? 'above usual' : `over ${figureOf(unitOf(rule), rule.bound)}`
  const where =
    rule.route !== null
      ? `on ${rule.route}${rule.service === null ? '' : ` of ${rule.service}`}`
      : `on ${rule.each === 'route' ? 'each route' : (rule.service ?? 'each service')}${rule.each === 'route' && rule.service !== null ? ` of ${rule.service}` : ''}`
  return `${rule.metric} ${bound} for ${duration(rule.forMs)} ${where}`
}

export const unitOf = ({ metric }: Pick<AlertRule, 'metric'>): 'ms' | 'share' =>
  metric === 'errors' ? 'share' : 'ms'

/** `340 ms`, `2.4 %`. */
export function figureOf(unit: 'ms' | 'share', value: number | null): string {
  if (value === null) return 'unknown'
  return unit === 'ms' ? duration(value) : percent(value)
}

/** Control characters, marks that turn writing around, line and paragraph separators. */
const unsafe =
  /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+/gu

/** Halves of a character: JSON carries them, and receivers stumble. */
const broken = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

/** The same with a sign for each half of a character; `encodeURIComponent` throws for one. */
export const wellFormed = (text: string): string => text.replace(broken, '\ufffd')

/** One line of at most `most` characters: what telemetry brings is text, and never an order to who shows it. */
export function oneLine(text: string, most: number): string {
  const line = wellFormed(text.replace(unsafe, ' ')).replace(/ +/g, ' ').trim()
  return line.length <= most ? line : `${line.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`
}

import { ConsoleError } from '../errors.js'
import { checkKeys, isObject, type Rules, text } from './check.js'

/** Findings that are known and left: of this id, or of this kind on this route (or on all). */
export interface IgnoreRule {
  /** 8 hexadecimal digits, as `hotpath findings` shows it. */
  readonly id?: string
  readonly kind?: string
  /** `GET /users/:id` */
  readonly route?: string
  /** Why; shown wherever the finding is. */
  readonly reason: string
  /** The last day, `2026-12-31` (UTC): after it the finding is open again. */
  readonly until: string
}

export interface FindingsConfig {
  readonly ignore?: readonly IgnoreRule[]
}

const findingsRules: Rules = {
  ignore: {
    expected: 'a list of objects',
    holds: value => Array.isArray(value) && value.every(isObject),
  },
}

const ignoreRules: Rules = {
  id: {
    expected: 'the 8 hexadecimal digits of a finding',
    holds: value => typeof value === 'string' && /^[0-9a-f]{8}$/.test(value),
  },
  kind: {
    expected: 'a kind of finding such as n-plus-one',
    holds: value => typeof value === 'string' && /^[a-z]+(?:-[a-z]+)*$/.test(value),
  },
  route: text,
  reason: text,
  until: {
    expected: 'the last day, such as 2026-12-31',
    holds: value =>
      typeof value === 'string' &&
      /^\d{4}-\d{2}-\d{2}$/.test(value) &&
      // 2026-02-30 is no day: Date makes March of it, or nothing.
      !Number.isNaN(Date.parse(`${value}T00:00:00Z`)) &&
      new Date(`${value}T00:00:00Z`).toISOString().startsWith(value),
  },
}

/** Throws for what does not fit: a rule without a reason, an end, or anything that it is about. */
export function checkFindings(file: string, config: unknown): void {
  checkKeys(file, config, 'findings.', findingsRules)
  for (const [i, rule] of ((config as FindingsConfig).ignore ?? []).entries()) {
    const key = `findings.ignore[${i}].`
    checkKeys(file, rule, key, ignoreRules)
    for (const name of ['reason', 'until'] as const) {
      const { expected } = ignoreRules[name] ?? text
      if (rule[name] === undefined)
        throw new ConsoleError('CONFIG_VALUE', { file, key: key + name, expected, got: 'missing' })
    }
    const got = JSON.stringify(rule).slice(0, 80)
    if (rule.id === undefined && rule.kind === undefined)
      throw new ConsoleError('CONFIG_VALUE', {
        file,
        key: key.slice(0, -1),
        expected: 'about an `id` or a `kind`',
        got,
      })
  }
}

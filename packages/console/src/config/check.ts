import { ConsoleError } from '../errors.js'
import { nearest } from '../nearest.js'

/** What a value of the config must be. */
export interface Rule {
  readonly expected: string
  readonly holds: (value: unknown) => boolean
  /** Never shown in an error: a token that is too short is still a secret. */
  readonly secret?: true
}
export type Rules = Readonly<Record<string, Rule>>

export const text: Rule = {
  expected: 'a text',
  holds: value => typeof value === 'string' && value !== '',
}

/**
 * Throws for a key of `value` that no rule knows, naming the nearest, and for a value that breaks its
 * rule. `prefix` is where the value stands, such as `store.`; rules are found without it.
 */
export function checkKeys(file: string, value: unknown, prefix: string, rules: Rules): void {
  if (!isObject(value))
    throw new ConsoleError('CONFIG_VALUE', {
      file,
      key: prefix === '' ? 'default export' : prefix.slice(0, -1),
      expected: 'an object',
      got: describe(value),
    })
  const known = Object.keys(rules)
  for (const [key, content] of Object.entries(value)) {
    const rule = Object.hasOwn(rules, key) ? rules[key] : undefined
    if (rule === undefined) {
      const near = nearest(key, known)
      throw new ConsoleError('CONFIG_KEY', {
        file,
        key: prefix + key,
        nearest: near === null ? null : prefix + near,
        known: known.join(', '),
      })
    }
    if (content !== undefined && !rule.holds(content))
      throw new ConsoleError('CONFIG_VALUE', {
        file,
        key: prefix + key,
        expected: rule.expected,
        got: rule.secret ? 'not' : describe(content),
      })
  }
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const describe = (value: unknown): string =>
  value === undefined ? 'missing' : (JSON.stringify(value)?.slice(0, 80) ?? typeof value)

import { type LimitConfig, limitRule, type ThrottleConfig, throttleRule } from './limit.js'
import type { Rule } from './rule.js'

/** What is done with the requests of a route before its handler: docs/limits.md. */
export interface RoutePolicies {
  /** Who asks more often is refused. */
  readonly limit?: LimitConfig
  /** What comes faster is slowed down. */
  readonly throttle?: ThrottleConfig
}

export const routePolicyRules: Readonly<Record<keyof RoutePolicies, Rule>> = {
  limit: limitRule,
  throttle: throttleRule,
}

interface Misplaced {
  readonly key: string
  readonly expected: string
  readonly got: unknown
}

/** A policy that another part of the config does not let be; undefined: all may. */
export function misplaced(
  { limit, throttle }: RoutePolicies,
  config: object,
): Misplaced | undefined {
  const knows = Reflect.get(config, 'identify') !== undefined
  for (const [name, policy] of Object.entries({ limit, throttle }))
    if (policy?.by === 'user' && !knows)
      return {
        key: `${name}.by`,
        expected:
          "'ip', 'key' or a function: 'user' needs an \"identify\" of the config that verifies who it is, or limitRequests mounted behind the app's own login",
        got: 'user',
      }
  return undefined
}

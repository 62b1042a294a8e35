import type { IgnoreRule } from '../config/findings.js'
import type { Finding, Standing } from '../model.js'
import { commentAt } from './comments.js'

/** What is not to be spoken of, and where the app's sources may be. */
export interface Ignoring {
  readonly rules: readonly IgnoreRule[]
  /** Call sites are told from here. */
  readonly root: string
}

/**
 * Why a finding is ignored: by a comment at its call site, or by a rule of the config that has not ended.
 * One that has ended ignores nothing, and is said in `note`. Undefined: nobody asked for it.
 */
export function ignoredBy(
  finding: Finding,
  { rules, root }: Ignoring,
  nowMs: number,
): Standing | undefined {
  const { kind, where } = finding
  const comment = where && commentAt(root, where, kind)
  if (comment !== undefined) return { reason: comment, by: 'comment' }
  const own = rules.filter(rule => isOf(rule, finding))
  const rule = own.find(({ until }) => nowMs < endOf(until))
  if (rule !== undefined) return { reason: rule.reason, by: 'config', until: rule.until }
  const [over] = own
  return over && { note: `It was ignored until ${over.until}, which is over: ${over.reason}` }
}

function isOf({ id, kind, route }: IgnoreRule, finding: Finding): boolean {
  return (
    (id === undefined || finding.id === id) &&
    (kind === undefined || finding.kind === kind) &&
    (route === undefined || finding.route === route)
  )
}

/** The day itself belongs to it, in UTC. */
const endOf = (until: string): number => Date.parse(`${until}T00:00:00Z`) + 86_400_000

import { elsewhere } from '../../cache/elsewhere.js'
import { Member } from '../../cache/strict/member.js'
import { ALL, type VersionStore } from '../../cache/strict/strictness.js'
import { Unmarked } from '../../cache/strict/unmarked.js'
import { Strict } from '../../cache/strict/strict.js'
import type { Tags } from '../../cache/tags.js'
import type { InvalidationConfig } from '../../config/caching.js'
import type { Parts } from '../pg/parts.js'
import { Commits } from './commits.js'
import { Sentry } from './sentry.js'

/** What takes part in the way of a statement where versions are shared. */
export interface StrictWay {
  readonly commits: Commits
  readonly sentry: Sentry
  /** Something of ours failed: what was written is not known. */
  doubt(): void
}

/**
 * Shares versions with other processes. Until the store is there nothing is given from a cache, and what is
 * written is owed.
 *
 * @param forget What is known of the tables may be old.
 */
export function startStrict(
  { store, delayCommits = true }: InvalidationConfig,
  parts: Parts,
  tags: Tags,
  forget: () => void,
): StrictWay {
  const { host, defects } = parts
  const reports = {
    caught: host.caught,
    count: (name: string, reason: string) => host.tally(`invalidation.strict.${name}`, 1, reason),
  }
  const member = new Member(
    delayCommits,
    reports,
    () => sentry.beat(),
    (system, atMs, pids) => sentry.looked(system, atMs, pids),
  )
  const sentry: Sentry = new Sentry(parts, member, commit => void member.settle(commit))
  const changed = (name: string) => {
    if (name === ALL || name.endsWith(':!')) forget()
  }
  const strict = new Strict(tags, member, changed, reports, defects)
  tags.strict = strict
  elsewhere().held = new Unmarked(member, host.say)
  tags.listen(strict.listener)
  void made(store).then(
    ({ versions }) => member.start(versions),
    () => {
      host.caught('strict.store')
      host.say(
        'the store of "invalidation" could not be made: nothing is given from a cache, and COMMIT of what writes may take 2 s longer.',
      )
    },
  )
  const doubt = () => member.owes([ALL])
  return { commits: new Commits(parts, member, sentry, defects), sentry, doubt }
}

async function made(store: InvalidationConfig['store']): Promise<{ versions: VersionStore }> {
  const given = await (typeof store === 'function' ? store() : store)
  if (given === undefined) throw new Error('no store')
  return given
}

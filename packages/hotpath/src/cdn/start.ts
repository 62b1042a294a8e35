import type { Tags } from '../cache/tags.js'
import type { CdnConfig } from '../config/cdn.js'
import type { CdnHost, Timing } from './host.js'
import { CdnKeys } from './keys.js'
import { Marking } from './marking.js'
import { share } from './purged.js'
import { Purges } from './purges.js'

/** The caches in front of this process. */
export interface Cdn {
  readonly marking: Marking
  readonly purges: Purges
}

/**
 * @param service Makes keys of two services differ where the config has no secret.
 */
export function startCdn(
  config: CdnConfig,
  service: string,
  tags: Tags,
  host: CdnHost,
  timing: Timing,
): Cdn {
  const keys = new CdnKeys(config.secret ?? service)
  const purges = new Purges(config, tags, keys, host, timing)
  share(purges)
  purges.start()
  // No listener of a signal: those would change how the app dies.
  process.once('beforeExit', () => purges.flush())
  return { marking: new Marking(config.purge, keys), purges }
}

import { randomBytes } from 'node:crypto'
import type {
  Kept,
  Obstacle,
  OpenWrite,
  Presence,
  Sighting,
  VersionStore,
  VersionsAsked,
  VersionsRead,
} from '../../cache/strict/strictness.js'
import type { Commands } from './commands.js'
import { runScript } from './script.js'
import { KEEP, MARK, READ, RENEW, SETTLE, SIGHTED } from './version-scripts.js'

/**
 * After another server answered than before nothing is trusted for so long: whoever had a lease has asked for
 * it anew by then, and those who cannot are seen by their sessions.
 */
const REST_MS = 2_000

/** Shared versions in Redis, from 6.0 on. */
export class RedisVersions implements VersionStore {
  readonly #base: string

  constructor(
    private readonly commands: Commands,
    prefix: string,
    private readonly ttl: string,
  ) {
    this.#base = `{${prefix}:strict}:`
  }

  async read({ names, systems }: VersionsAsked): Promise<VersionsRead> {
    const given = await this.#run(READ, String(systems.length), ...systems, ...names)
    const [now = '0', obstacle = '', ...rest] = texts(given)
    return {
      nowMs: Number(now),
      obstacle: obstacle as Obstacle,
      watchedUntilMs: systems.map((_, i) => Number(rest[i] ?? 0)),
      versions: names.map((_, i) => rest[systems.length + i] || undefined),
    }
  }

  async mark(instance: string, write: OpenWrite): Promise<void> {
    await this.#run(MARK, instance, write.system, tokenOf(write), JSON.stringify(write.names))
  }

  async settle(instance: string, write: OpenWrite): Promise<void> {
    await this.#run(SETTLE, instance, tokenOf(write), JSON.stringify(write.names))
  }

  async renew(names: readonly string[]): Promise<void> {
    await this.#run(RENEW, ...names)
  }

  async keep({ instance, systems, untilMs, lastN, open, owed }: Presence): Promise<Kept> {
    const writes = open.flatMap(write => [tokenOf(write), JSON.stringify(write.names)])
    const given = await this.#run(
      KEEP,
      instance,
      String(Math.floor(untilMs)),
      String(lastN),
      String(systems.length),
      ...systems,
      String(open.length),
      ...writes,
      ...owed,
    )
    const [now, ...rest] = texts(given)
    const kept = systems.map((_, i) => {
      const [watched, looked, pids = ''] = rest.slice(i * 3)
      return {
        watchedUntilMs: Number(watched),
        lookedMs: Number(looked),
        pids: pids === '' ? [] : pids.split(',').map(Number),
      }
    })
    return { nowMs: Number(now), systems: kept }
  }

  async sighted({ system, startedMs, untilMs, sessions }: Sighting): Promise<void> {
    const pids = new Map<string, number[]>()
    for (const { instance, pid } of sessions)
      pids.set(instance, [...(pids.get(instance) ?? []), pid])
    const seen = [...pids].flatMap(([instance, all]) => [instance, all.join()])
    const [started, until] = [startedMs, untilMs].map(ms => String(Math.floor(ms)))
    await this.#run(SIGHTED, system, started ?? '', until ?? '', ...seen)
  }

  #run(script: string, ...args: readonly string[]): Promise<unknown> {
    const fresh = randomBytes(9).toString('base64url')
    const given = [fresh, this.ttl, String(REST_MS), ...args]
    return runScript(this.commands, script, this.#base, given, answer => answer)
  }
}

const tokenOf = ({ system, n }: OpenWrite): string => `${system}|${n}`

const texts = (given: unknown): string[] => (given as unknown[]).map(String)

import { clock } from '../../clock.js'
import { ALL, type Strictness, type VersionsRead } from './strictness.js'
import type { Tag, TagListener, Tags } from '../tags.js'
import type { Member, Reports } from './member.js'

/** An answer that was made of more takes the store too long to compare. */
const MOST_NAMES = 1_000
/** The tag of a database, or of something in it: `pg:7712/5`, `pg:7712/5:shop.menu`. */
const DATABASE = /^pg:([^/]*)\/[^:]*/

/** Planted by the verifier alone. */
export interface StrictDefects {
  /** The versions of the store are not asked for. */
  readonly noVersionCheck?: boolean
  /** A process that may be writing unseen is no obstacle. */
  readonly leaseIgnored?: boolean
  readonly naiveJoin?: boolean
}

/**
 * The versions that all processes share, as this one knows them. The tags of the process have numbers that are
 * cheap to compare; each of them stands for one version at the store, the one that was there when it was last
 * asked. When the store has another, the number is changed, and all that was made before is old. So what is
 * read needs no question at the store: it is noted in numbers, and the question comes with the hit.
 */
export class Strict implements Strictness {
  /** What the store had of a tag when its number was given; absent: not known, or marked. */
  private readonly ids = new WeakMap<Tag, string>()
  /** Hears of what is changed in this process, other than by statements. */
  readonly listener: TagListener = names => {
    if (names === 'all') return
    const own = names.filter(name => !name.startsWith('pg:'))
    if (own.length > 0) void this.renew(own)
  }

  /** @param changed Another version of this tag was met. */
  constructor(
    private readonly tags: Tags,
    private readonly member: Member,
    private readonly changed: (name: string) => void,
    private readonly reports: Reports,
    private readonly defects: StrictDefects,
  ) {}

  get joinsBlindly(): boolean {
    return this.defects.naiveJoin === true
  }

  async holds(noted: ReadonlyMap<Tag, number>): Promise<boolean> {
    if (this.defects.noVersionCheck === true) return true
    if (noted.size > MOST_NAMES) return this.passes('many')
    const tags = [...noted.keys()]
    const read = await this.read(tags)
    if (read === undefined) return this.passes('away')
    if (read.obstacle !== '' && this.defects.leaseIgnored !== true)
      return this.passes(read.obstacle)
    if (read.versions.includes(undefined)) return this.passes('marked')
    for (const [tag, version] of noted) if (tag.version !== version) return false
    return true
  }

  knows(tag: Tag): boolean {
    return this.ids.has(tag) && this.ids.has(this.tags.of(ALL))
  }

  async learn(tags: readonly Tag[]): Promise<void> {
    if (tags.length <= MOST_NAMES) await this.read(tags)
  }

  async renew(names: readonly string[]): Promise<boolean> {
    if (names.length === 0) return true
    const { member } = this
    const done = member.up && (await member.ask(store => store.renew(names).then(() => true)))
    if (done !== true) member.owes(names)
    return done === true
  }

  /** Asks for the versions of these, and makes old what was made of others. */
  private async read(tags: readonly Tag[]): Promise<VersionsRead | undefined> {
    const { member } = this
    if (!member.up) return undefined
    const { systems, ddl } = placesOf(tags)
    const all = [this.tags.of(ALL), ...ddl.map(name => this.tags.of(name)), ...tags]
    const names = all.map(tag => tag.name)
    const askedMs = clock.now()
    const read = await member.ask(store => store.read({ names, systems }))
    if (read === undefined) return undefined
    member.hears(read.nowMs, askedMs, systems, read.watchedUntilMs)
    if (read.obstacle === 'replica') return read
    for (const [i, tag] of all.entries()) this.learns(tag, read.versions[i])
    return read
  }

  private learns(tag: Tag, id: string | undefined): void {
    if (this.ids.get(tag) === id) return
    if (id === undefined) this.ids.delete(tag)
    else this.ids.set(tag, id)
    if (tag.name === ALL) {
      this.tags.age('all')
      // Its own tag goes with all others; what the store has of it stays known.
      if (id !== undefined) this.ids.set(this.tags.of(ALL), id)
    } else this.tags.age(tag)
    this.changed(tag.name)
  }

  private passes(reason: string): false {
    this.reports.count('passed', reason)
    return false
  }
}

/** The clusters that these are of, and what changes with the tables, types and functions of each database. */
function placesOf(tags: readonly Tag[]): { systems: string[]; ddl: string[] } {
  const systems = new Set<string>()
  const ddl = new Set<string>()
  for (const { name } of tags) {
    const [database, system] = DATABASE.exec(name) ?? []
    if (database === undefined || system === undefined) continue
    systems.add(system)
    ddl.add(`${database}:!`)
  }
  return { systems: [...systems], ddl: [...ddl] }
}

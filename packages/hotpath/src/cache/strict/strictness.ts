import type { Tag } from '../tags.js'

export type {
  Kept,
  Obstacle,
  OpenWrite,
  Presence,
  Sighting,
  VersionStore,
  VersionsAsked,
  VersionsRead,
} from '../../config/version-store.js'

/** Stands for everything: every answer depends on it. */
export const ALL = '*'

/** What one who gives hits asks, when versions are shared by all processes. Nothing of it rejects. */
export interface Strictness {
  /**
   * Whether what was made of these, in these versions, may be given to who asks now: one round trip. False
   * where it cannot be told.
   */
  holds(noted: ReadonlyMap<Tag, number>): Promise<boolean>
  /** Whether the shared version of a tag is known, so that what is read from now on may be kept. */
  knows(tag: Tag): boolean
  /** Asks for those that are not known. */
  learn(tags: readonly Tag[]): Promise<void>
  /** Changed outside of a database: true once every process knows. */
  renew(names: readonly string[]): Promise<boolean>
  /** The defect: who comes while another computes takes what that gets, whenever it began. */
  readonly joinsBlindly: boolean
}

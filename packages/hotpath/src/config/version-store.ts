/** Names of tags, in the order in which they are answered. */
export interface VersionsAsked {
  readonly names: readonly string[]
  /** The database clusters that these are of. */
  readonly systems: readonly string[]
}

/** Why no answer may be given from a cache, whatever the versions say; '' where nothing speaks against it. */
export type Obstacle = '' | 'restarted' | 'replica' | 'lapsed' | 'unwatched'

/** What the store says at one moment. Its own clock counts, in milliseconds. */
export interface VersionsRead {
  readonly nowMs: number
  readonly obstacle: Obstacle
  /** Until when the sessions of each cluster were looked at; 0: nobody has. */
  readonly watchedUntilMs: readonly number[]
  /** Undefined: somebody is about to commit, or has not said how that ended. */
  readonly versions: readonly (string | undefined)[]
}

/** A transaction that is about to be committed. */
export interface OpenWrite {
  /** Numbers of one process go up: `n` is never used twice by it. */
  readonly n: number
  /** Where it writes; '?' where that is not known. */
  readonly system: string
  readonly names: readonly string[]
}

/** What a process says of itself, all at once. */
export interface Presence {
  readonly instance: string
  readonly systems: readonly string[]
  /** Its lease, by the clock of the store; never shortened. 0: none is asked for. */
  readonly untilMs: number
  /** The last number it has given to a write. Marks up to it that are not in `open` are over. */
  readonly lastN: number
  readonly open: readonly OpenWrite[]
  /** What it has written without having been able to say so. */
  readonly owed: readonly string[]
}

/** What somebody has seen of the sessions of a cluster. */
export interface Sighting {
  readonly system: string
  /** When it began to look, by the clock of the store: rather too early than too late. */
  readonly startedMs: number
  /** For how long that counts. */
  readonly untilMs: number
  /** The sessions there that are of processes of ours. */
  readonly sessions: readonly SeenSession[]
}

/** A session of a process, and the number of the server's end of it. */
export interface SeenSession {
  readonly instance: string
  readonly pid: number
}

/** What the store answers to who says that it is there; of each cluster in the order in which it was given. */
export interface Kept {
  readonly nowMs: number
  readonly systems: readonly {
    /** As in `VersionsRead`. */
    readonly watchedUntilMs: number
    /** When the last look at its sessions began; 0: there was none. */
    readonly lookedMs: number
    /** Its own that were seen then. */
    readonly pids: readonly number[]
  }[]
}

/**
 * Versions of tags that all processes share: `invalidation: { mode: 'strict', store }`. `redisStore(client)`
 * of `hotpath/cache/redis` has one. Each call is one round trip, and happens there as a whole or not at all.
 * All may be carried out late, long after their caller has given up: that never makes an old version good.
 */
export interface VersionStore {
  read(asked: VersionsAsked): Promise<VersionsRead>
  /** From now on nothing of these names is given from a cache. */
  mark(instance: string, write: OpenWrite): Promise<void>
  /** New versions for its names, and the mark is gone. */
  settle(instance: string, write: OpenWrite): Promise<void>
  /** New versions, for what was changed outside of a database. */
  renew(names: readonly string[]): Promise<void>
  keep(presence: Presence): Promise<Kept>
  /** Forgets, with all that they have marked, who has neither a lease nor a session. */
  sighted(sighting: Sighting): Promise<void>
}

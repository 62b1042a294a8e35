/** Why a connection does not go back; goes out as an attribute, so these are few. */
export type Leftover = 'listen' | 'copy' | 'cursor' | 'setting' | 'session'

/** Most statements have none of these words: one look is enough for them. */
const SUSPECT = /\b(?:listen|copy|cursor|set|set_config|setseed|dblink_connect\w*|load)\b/i

/** A setting of the app's own, by name or by a name that is not known here. */
const OWN_SETTING =
  /\bset_config\s*\((?!\s*'\w+'\s*,)|\bset\s+(?:session\s+|local\s+)?"?\w+"?\s*\.\s*/i

/**
 * What a statement leaves in its session that ROLLBACK and DISCARD ALL do not take away,
 * or that belongs to one client alone; undefined for nearly all. A word in a literal is taken for the
 * statement: that costs a connection, and never the next client's peace.
 *
 * A setting of the app's own (`app.user`) cannot be taken away from a session once it was there: it
 * reads '' afterwards, where on a new connection it is not there at all.
 */
export function leftoverOf(text: string): Leftover | undefined {
  if (!SUSPECT.test(text)) return undefined
  if (/\blisten\b/i.test(text)) return 'listen'
  if (/\bcopy\b/i.test(text)) return 'copy'
  if (/\bcursor\b/i.test(text)) return 'cursor'
  if (OWN_SETTING.test(text)) return 'setting'
  // The seed of random(), named connections of dblink, code that was loaded.
  return /\b(?:setseed|dblink_connect\w*|load)\b/i.test(text) ? 'session' : undefined
}

import type { Command } from './shapes.js'

/** Why a connection does not go back; goes out as an attribute, so these are few. */
export type Leftover = 'command' | 'xa' | 'role' | 'local file'

/**
 * What a client may send and be given another's session for. Everything else is let alone: another
 * user, a replica's stream, what later versions of the driver bring.
 */
const PLAIN = new Set([
  'Query',
  'Execute',
  'Prepare',
  'CloseStatement',
  'Ping',
  'ResetConnection',
  'Quit',
])

/** MariaDB 10.11 keeps it when the user changes. With `=` it is a column of an UPDATE. */
const SET_ROLE = /\bset(?:\s|\/\*.*?\*\/)+role\b(?!\s*=)/is

/**
 * What a command leaves in its session that a change of user does not take away; undefined for
 * nearly all. A word in a literal is taken for the statement: that costs a connection, and never
 * the next client's peace.
 */
export function leftoverOf(command: Command): Leftover | undefined {
  if (!PLAIN.has(command.constructor.name)) return 'command'
  const text = command.sql ?? command.query
  if (typeof text !== 'string') return undefined
  // A prepared one belongs to the server, and waits for whoever finishes it.
  if (/\bxa\b/i.test(text)) return 'xa'
  if (SET_ROLE.test(text)) return 'role'
  return /\blocal\s+infile\b/i.test(text) ? 'local file' : undefined
}

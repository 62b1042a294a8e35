/**
 * Every error that the console shows to people, in one table: what was expected, what came and what
 * to do. `exit` is the exit code of the terminal, `http` the status of an answer.
 *
 *     throw new ConsoleError('PORT_IN_USE', { port: 4318, holder: null })
 */
interface Row<Facts> {
  readonly exit: number
  readonly http: number
  readonly message: (facts: Facts) => string
}

const row = <Facts>(exit: number, http: number, message: (facts: Facts) => string): Row<Facts> => ({
  exit,
  http,
  message,
})

export const errors = {
  STORE_DIRECTORY: row<{ path: string; cause: string }>(
    2,
    500,
    f =>
      `The store ${f.path} cannot be written: ${f.cause}. Give this user write access to its directory, or choose another place with --store PATH.`,
  ),
  STORE_MISSING: row<{ path: string }>(
    2,
    404,
    f =>
      `There is no store at ${f.path}. Start the console once with \`hotpath serve\` or \`hotpath dev -- COMMAND\`, or name the file with --store PATH.`,
  ),
  STORE_LOCKED: row<{ path: string; holder: string | null }>(
    2,
    503,
    f =>
      `The store ${f.path} is open in another process${f.holder === null ? '' : ` (${f.holder})`}. Ask that console (--url), stop it, or choose another file with --store PATH.`,
  ),
  STORE_CORRUPT: row<{ path: string; cause: string }>(
    2,
    500,
    f =>
      `The store ${f.path} is damaged: ${f.cause}. Move it aside (and the file with .wal after its name, if any); the next start makes a new one.`,
  ),
  STORE_FOREIGN: row<{ path: string; cause: string }>(
    2,
    500,
    f =>
      `The file ${f.path} is no store of Hotpath: ${f.cause}. It was left as it is; choose another file with --store PATH.`,
  ),
  STORE_NEWER: row<{ path: string; found: string; known: string }>(
    2,
    500,
    f =>
      `The store ${f.path} was written by a newer version: it has format ${f.found}, this console reads up to ${f.known}. Update @hotpath/console, or choose another file with --store PATH.`,
  ),
  STORE_OLDER: row<{ path: string; found: string }>(
    2,
    500,
    f =>
      `The store ${f.path} was written by an older version (format ${f.found}) and is only read here. Start the console on it once with \`hotpath serve\`: that brings it up to date.`,
  ),
  STORE_WRITE: row<{ path: string; cause: string }>(
    2,
    503,
    f =>
      `The store ${f.path} could not be written: ${f.cause}. What was in this write was not kept. Look at the free space of the disk; senders try again.`,
  ),
  STORE_FAILED: row<{ path: string; cause: string }>(
    2,
    500,
    f => `The store ${f.path} failed: ${f.cause}. Start the console again.`,
  ),
  STORE_BUSY: row<{ waitingBytes: number; limitBytes: number }>(
    2,
    503,
    f =>
      `${f.waitingBytes} bytes wait to be written, the limit is ${f.limitBytes}. Send this again in a second.`,
  ),
  INTAKE_BUSY: row<{ waiting: number; limit: number }>(
    2,
    503,
    f =>
      `${f.waiting} requests wait for earlier ones of their processes, the limit is ${f.limit}. Send this again in a second.`,
  ),
  STORE_CLOSED: row<{ path: string }>(2, 503, f => `The store ${f.path} is closed.`),
  PORT_IN_USE: row<{ host: string; port: number; console: string | null }>(2, 500, f =>
    f.console === null
      ? `Port ${f.port} of ${f.host} is used by another program. Stop it, or choose another port with --port (and HOTPATH_ENDPOINT=http://${f.host}:PORT for the app).`
      : `Port ${f.port} of ${f.host} is used by another Hotpath console (${f.console}). Use that one, stop it, or choose another port with --port.`,
  ),
  ADDRESS: row<{ host: string; port: number; cause: string }>(
    2,
    500,
    f =>
      `The console cannot listen at ${f.host}:${f.port}: ${f.cause}. Choose another address with --host or --port.`,
  ),
  TOKEN_NEEDED: row<{ host: string }>(
    2,
    500,
    f =>
      `The address ${f.host} can be reached from other machines, so a token is needed. Set HOTPATH_CONSOLE_TOKEN, or listen at 127.0.0.1.`,
  ),
  CONFIG_READ: row<{ file: string; cause: string }>(
    2,
    500,
    f => `${f.file} cannot be read: ${f.cause}.`,
  ),
  CONFIG_KEY: row<{ file: string; key: string; nearest: string | null; known: string }>(
    2,
    500,
    f =>
      `${f.file} has the key \`${f.key}\`, which is not known. ${f.nearest === null ? `Known are ${f.known}.` : `Did you mean \`${f.nearest}\`?`}`,
  ),
  CONFIG_VALUE: row<{ file: string; key: string; expected: string; got: string }>(
    2,
    500,
    f => `${f.file}: \`${f.key}\` must be ${f.expected}, but is ${f.got}.`,
  ),
  DATABASE_URL: row<{ got: string }>(
    2,
    400,
    f =>
      `A database must be given as postgres://USER@HOST:PORT/NAME or mysql://USER@HOST:PORT/NAME, but this is ${f.got}. Name it with --database, as DATABASE_URL, or as \`database\` in hotpath.console.config.`,
  ),
  DATABASE_MISSING: row<object>(
    2,
    400,
    () =>
      'Which database is to be asked? Name it with --database postgres://USER@HOST:PORT/NAME (or mysql://), as DATABASE_URL, or as `database` in hotpath.console.config. A user who may only read is enough.',
  ),
  DATABASE_AWAY: row<{ place: string; cause: string }>(
    2,
    502,
    f =>
      `No connection to the database ${f.place}: ${f.cause}. Look at the address, and whether this user may connect.`,
  ),
  DATABASE_FAILED: row<{ place: string; cause: string }>(
    2,
    502,
    f => `The database ${f.place} did not answer as it should: ${f.cause}. Nothing was changed.`,
  ),
  WORKLOAD_FILE: row<{ file: string; cause: string }>(
    2,
    400,
    f =>
      `The statements in ${f.file} cannot be used: ${f.cause}. It is a JSON list of { "sql", "calls", "ms", "route" }, or SQL with a semicolon behind each statement (docs/index-advice.md).`,
  ),
  WORKLOAD_EMPTY: row<{ tried: string }>(
    2,
    404,
    f =>
      `There are no statements to advise on: ${f.tried}. Name a file of them with --statements FILE.`,
  ),
  ANSWER_UNKNOWN: row<{ path: string; known: string }>(
    2,
    404,
    f => `There is no answer at /api/${f.path}. There is ${f.known}.`,
  ),
  PARAMETER: row<{ name: string; expected: string; got: string }>(
    2,
    400,
    f => `\`${f.name}\` must be ${f.expected}, but is \`${f.got}\`.`,
  ),
  PARAMETER_UNKNOWN: row<{ name: string; known: string }>(
    2,
    400,
    f => `\`${f.name}\` is no parameter of this answer. Known are ${f.known}.`,
  ),
  TRACE_UNKNOWN: row<{ id: string }>(
    2,
    404,
    f =>
      `No trace has an id that begins with ${f.id}. \`hotpath traces\` lists those that were kept; older ones go after the retention.`,
  ),
  FINDING_UNKNOWN: row<{ id: string }>(
    2,
    404,
    f =>
      `No finding of this window has an id that begins with ${f.id}. \`hotpath findings\` lists them; --since looks further back.`,
  ),
  ID_AMBIGUOUS: row<{ id: string; matches: string }>(
    2,
    400,
    f => `More than one id begins with ${f.id}: ${f.matches}. Give more of it.`,
  ),
  ALERTS_NEED_CONSOLE: row<object>(
    2,
    503,
    () =>
      'Alerts are watched by a running console, and this store is read without one. Start it with `hotpath serve`, or name it with --url.',
  ),
  NOTIFIERS_MISSING: row<{ directory: string }>(
    2,
    400,
    f =>
      `No notifier is set up: hotpath.console.config of ${f.directory} has none under \`notify\`. docs/alerts.md shows how.`,
  ),
  CONSOLE_ABSENT: row<{ url: string; cause: string; store: string }>(
    2,
    503,
    f =>
      `No console answers at ${f.url} (${f.cause}), and there is no store at ${f.store}. Start one with \`hotpath serve\` or \`hotpath dev -- COMMAND\`, or name it with --url or --store.`,
  ),
  CONSOLE_SILENT: row<{ url: string; cause: string }>(
    2,
    502,
    f =>
      `No console answers at ${f.url}: ${f.cause}. Start one with \`hotpath serve\`, or name another with --url, or a store file with --store.`,
  ),
  CONSOLE_FOREIGN: row<{ url: string; cause: string }>(
    2,
    502,
    f =>
      `What answers at ${f.url} is not a Hotpath console: ${f.cause}. Name the console with --url, or the store file with --store.`,
  ),
  CONSOLE_REFUSED: row<{ url: string; status: number; message: string }>(2, 502, f => f.message),
  BASELINE: row<{ file: string; cause: string }>(
    2,
    500,
    f =>
      `The baseline ${f.file} cannot be used: ${f.cause}. Mend it, or remove it and make it anew with \`hotpath check --update-baseline -- COMMAND\`.`,
  ),
  EXPORT_CONFIG: row<{ directory: string }>(
    2,
    404,
    f =>
      `There is no hotpath.config in ${f.directory}, so there is nothing to write. Run it beside the app's package.json, or name the file with HOTPATH_CONFIG.`,
  ),
  EXPORT_OPTION: row<{ name: string; value: string }>(
    2,
    400,
    f => `${f.name} ${f.value} is none: expected an address such as 127.0.0.1:3000, or a path.`,
  ),
  APP_CONFIG: row<{ message: string }>(2, 500, f => f.message),
  RECORDER_MISSING: row<{ from: string }>(
    2,
    500,
    f =>
      `The package hotpath is not installed where the app can see it (looked from ${f.from}). Run \`npm install hotpath\` there.`,
  ),
}

export type ErrorCode = keyof typeof errors
export type Facts<Code extends ErrorCode> = Parameters<(typeof errors)[Code]['message']>[0]

/** An error that a person can act on. Anything else that is thrown is a fault of ours. */
export class ConsoleError<Code extends ErrorCode = ErrorCode> extends Error {
  readonly code: Code
  readonly facts: Facts<Code>
  readonly exitCode: number
  readonly httpStatus: number

  constructor(code: Code, facts: Facts<Code>) {
    const entry = errors[code] as unknown as Row<Facts<Code>>
    super(entry.message(facts))
    this.name = 'ConsoleError'
    this.code = code
    this.facts = facts
    this.exitCode = entry.exit
    this.httpStatus = entry.http
  }
}

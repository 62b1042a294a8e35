import type { Truth } from './application.js'

const byChoice = 'writes in one transaction'
const activity = 'insert into directus_activity'
const revisions = 'insert into directus_revisions'
const comments = 'insert into comments'

/** What the log of PostgreSQL shows of Directus 12.3.0; everything else that is driven is clean. */
export const directusTruth: readonly Truth[] = [
  // Eight comments in one request: each is written by itself, with an entry in the log and one in the history.
  writes('POST /items/:collection', comments, 8),
  writes('POST /items/:collection', activity, 8),
  writes('POST /items/:collection', revisions, 8),
  // Eight articles are changed by one statement, and their entries written one by one.
  writes('PATCH /items/:collection', activity, 8),
  writes('PATCH /items/:collection', revisions, 8),
  // One article with six new comments.
  writes('PATCH /items/:collection/:pk', comments, 6),
  writes('PATCH /items/:collection/:pk', activity, 7),
  writes('PATCH /items/:collection/:pk', revisions, 7),

  // All columns of all tables from the information_schema; what changes tables asks for them as well.
  ...[
    'GET /schema/snapshot',
    'POST /collections',
    'POST /fields/:collection',
    'POST /relations',
  ].map(
    (route): Truth => ({
      kind: 'slow-statement',
      route,
      statement: 'SELECT c.table_name, c.column_name',
      why: '18 ms in the server at its quickest',
      timed: true,
    }),
  ),
  // At the bound: it was said in two of four runs before the log was read again for it, and no truth until then.
  {
    kind: 'slow-statement',
    route: 'POST /fields/:collection',
    statement: 'SELECT att.attname AS name, rel.relname AS table',
    why: '5 ms in the server at its quickest, 9 typically, for 440 rows of the catalog',
    timed: true,
  },
  {
    kind: 'blocked-event-loop',
    route: 'GET /fields',
    why: 'three statements of 1 ms together, and 46 ms at its quickest from outside: the rest is code',
    timed: true,
  },
  {
    kind: 'blocked-event-loop',
    route: 'GET /schema/snapshot',
    why: 'thirteen statements of 40 ms together, and 125 ms at its quickest from outside: the rest is code',
    timed: true,
  },
  {
    kind: 'wide-response',
    route: 'GET /settings',
    why: 'one object of 67 fields, and the client names none',
  },
  {
    kind: 'uncompressed',
    route: 'GET /fields',
    why: 'Directus compresses nothing: 400 kB of JSON here, 39 of /relations, 22 of /activity and /schema/snapshot',
  },
  ...[
    '/items/:collection',
    '/items/:collection/:pk',
    '/users/me',
    '/users',
    '/roles',
    '/permissions',
    '/collections',
    '/fields',
    '/fields/:collection',
    '/relations',
    '/settings',
    '/activity',
    '/revisions',
    '/files',
    '/server/info',
    '/schema/snapshot',
  ].map(path => repeats(`GET ${path}`)),
]

function writes(route: string, statement: string, times: number): Truth {
  const why = `${times} single rows, of which one INSERT could write all`
  return { kind: 'n-plus-one', route, statement, times, sets: times, why, byChoice }
}

/** The drive asks for the same address again and again, and nothing is written meanwhile. */
function repeats(route: string): Truth {
  return {
    kind: 'cacheable',
    route,
    why: 'byte for byte the same answer each time; it is said where that takes 10 ms to make',
    timed: true,
  }
}

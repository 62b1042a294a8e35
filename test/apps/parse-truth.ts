import type { Truth } from './application.js'

/** What the log of PostgreSQL shows of Parse Server 9.10.0; everything else that is driven is clean. */
export const parseTruth: readonly Truth[] = [
  {
    kind: 'n-plus-one',
    route: 'POST /graphql',
    statement: 'FROM _Join:comments:Post WHERE owningId =',
    times: 12,
    sets: 12,
    why: 'the ids of the comments, once for each of the twelve posts',
  },
  {
    kind: 'n-plus-one',
    route: 'POST /graphql',
    statement: 'FROM Comment WHERE objectId IN',
    times: 12,
    sets: 12,
    why: 'the comments by these ids, once for each of the twelve posts',
  },
  ...[
    '/parse/classes/:className',
    '/parse/classes/:className/:objectId',
    '/parse/users',
    '/parse/users/me',
    '/parse/roles',
    '/parse/sessions',
    '/parse/schemas',
    '/parse/aggregate/:className',
  ].map(path => repeats(`GET ${path}`)),
]

/** The drive asks for the same address again and again, and nothing is written meanwhile. */
function repeats(route: string): Truth {
  return {
    kind: 'cacheable',
    route,
    why: 'byte for byte the same answer each time; it is said where that takes 10 ms to make',
    timed: true,
  }
}

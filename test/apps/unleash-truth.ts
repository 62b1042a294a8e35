import type { Truth } from './application.js'

const flag = '/api/admin/projects/:projectId/features/:featureName/environments/:environment'
const bulk = 'POST /api/admin/projects/:projectId/bulk_features/environments/:environment/on'
const order = `POST ${flag}/strategies/set-sort-order`
const segmentsOf = 'from segments inner join feature_strategy_segment'
const environmentOf = 'FROM feature_environments WHERE feature_name = $1 AND environment = $2'
const byChoice = 'writes in one transaction'

/** What the log of PostgreSQL shows of Unleash 8.2.0; everything else that is driven is clean. */
export const unleashTruth: readonly Truth[] = [
  // Twelve flags are switched on together: each goes through the code that switches on one.
  loop(bulk, environmentOf, 48, 12, 'four times for each of the twelve flags'),
  loop(
    bulk,
    'select * from feature_strategies where project_name = $1',
    24,
    12,
    'twice for each flag',
  ),
  loop(bulk, segmentsOf, 48, 24, 'twice for each of the two strategies of each flag'),
  loop(bulk, 'select project from features where name = $1', 12, 12, 'once for each flag'),
  loop(bulk, 'select name, description, type, project', 24, 12, 'twice for each flag'),
  {
    ...loop(bulk, 'update feature_environments set enabled = $1', 12, 12, 'once for each flag'),
    byChoice,
  },
  again(
    bulk,
    'select project, rp.permission',
    13,
    'the rights of the same user, once for each flag',
  ),
  again(
    bulk,
    'FROM change_request_settings WHERE environment = $1',
    12,
    'of the same project, for each flag',
  ),

  loop(order, segmentsOf, 16, 8, 'twice for each of the eight strategies of the flag'),
  {
    ...loop(order, 'update feature_strategies set sort_order = $1', 8, 8, 'once a strategy'),
    byChoice,
  },

  loop(`GET ${flag}/strategies`, segmentsOf, 8, 8, 'once for each of the eight strategies'),

  again(`POST ${flag}/strategies`, segmentsOf, 4, 'of the strategy that was just made', 1),
  again(`POST ${flag}/on`, environmentOf, 4, 'the same flag and environment', 1),

  {
    kind: 'slow-statement',
    route: 'GET /api/admin/search/features',
    statement: 'with ranked_features as',
    why: 'at its quickest 10 ms in the server, most of it to plan the statement: 14 tables are joined',
    timed: true,
  },
  // No session: of the same token the same answer. What has a session sets its cookie anew each time.
  ...['/api/client/features', '/api/client/features/:featureName', '/api/frontend'].map(
    (path): Truth => ({
      kind: 'cacheable',
      route: `GET ${path}`,
      why: 'byte for byte the same answer each time; it is said where that takes 10 ms to make',
      timed: true,
    }),
  ),
]

function loop(route: string, statement: string, times: number, sets: number, why: string): Truth {
  return { kind: 'n-plus-one', route, statement, times, sets, why }
}

function again(route: string, statement: string, times: number, why: string, sets = 1): Truth {
  return { kind: 'repeated-statement', route, statement, times, sets, why }
}

import type { Application, Drive, Truth } from './application.js'
import type { Client } from './client.js'

/**
 * Feature flags: Express, Knex, PostgreSQL. Twelve flags with strategies, tags, variants and segments, as
 * one team has them after a month.
 */
const flags = Array.from({ length: 12 }, (_, i) => `flag-${i + 1}`)
const environments = ['development', 'production']

export const unleash: Application = {
  name: 'unleash',
  node: 24,
  start: (url, port) => ({
    args: ['node_modules/unleash-server/dist/server.js'],
    env: {
      DATABASE_URL: url,
      DATABASE_SSL: 'false',
      HTTP_PORT: String(port),
      HTTP_HOST: '127.0.0.1',
      // Nothing goes to the makers from a test.
      CHECK_VERSION: 'false',
      SEND_TELEMETRY: 'false',
      LOG_LEVEL: 'error',
      INIT_CLIENT_API_TOKENS: '*:development.client-token',
      INIT_FRONTEND_API_TOKENS: '*:development.frontend-token',
      SEARCH_FEATURES_RATE_LIMIT_PER_MINUTE: '100000',
    },
  }),
  ready: '/health',
  seed,
  drives: [
    get('/api/admin/projects', 1, []),
    get('/api/admin/projects/default/overview', 1, [], '/api/admin/projects/:projectId/overview'),
    get('/api/admin/projects/default/features', 1, [], '/api/admin/projects/:projectId/features'),
    get('/api/admin/projects/default/features/flag-1', 1, [], '/api/admin/projects/:projectId/features/:featureName'),
    get('/api/admin/search/features?limit=50', 1, [], '/api/admin/search/features'),
    get('/api/admin/segments', 1, []),
    get('/api/admin/segments/1/strategies', 1, [], '/api/admin/segments/:id/strategies'),
    get('/api/admin/strategies', 1, []),
    get('/api/admin/context', 1, []),
    get('/api/admin/tag-types', 1, []),
    get('/api/admin/feature-types', 1, []),
    get('/api/admin/environments', 1, []),
    get('/api/admin/api-tokens', 1, []),
    get('/api/admin/user-admin', 1, []),
    get('/api/admin/user', 1, []),
    get('/api/admin/user/profile', 1, []),
    get('/api/admin/personal-dashboard', 1, []),
    get('/api/admin/personal-dashboard/default', 1, [], '/api/admin/personal-dashboard/:projectId'),
    get('/api/admin/ui-config', 1, []),
    get('/api/admin/instance-admin/statistics', 1, []),
    get('/api/admin/events', 1, []),
    get('/api/admin/search/events', 1, []),
    get('/api/admin/metrics/applications', 1, []),
    get('/api/admin/addons', 1, []),
    get('/api/admin/projects/default/insights', 1, [], '/api/admin/projects/:projectId/insights'),
    get('/api/admin/projects/default/status', 1, [], '/api/admin/projects/:projectId/status'),
    get('/api/admin/projects/default/dora', 1, [], '/api/admin/projects/:projectId/dora'),
    get('/api/admin/projects/default/applications', 1, [], '/api/admin/projects/:projectId/applications'),
    sdk('/api/client/features', 'client-token'),
    sdk('/api/client/features/flag-1', 'client-token', '/api/client/features/:featureName'),
    sdk('/api/frontend', 'frontend-token'),
    {
      route: 'POST /api/client/metrics',
      send: client => client.send('POST', '/api/client/metrics', {
        appName: 'shop', instanceId: 'one', environment: 'development',
        bucket: { start: new Date().toISOString(), stop: new Date().toISOString(), toggles: Object.fromEntries(flags.map(name => [name, { yes: 3, no: 4 }])) },
      }, { authorization: '*:development.client-token' }),
      statements: 1, truth: [],
    },
    {
      route: 'POST /api/client/register',
      send: client => client.send('POST', '/api/client/register', {
        appName: 'shop', instanceId: 'one', strategies: ['default', 'flexibleRollout'], started: new Date().toISOString(), interval: 10_000,
      }, { authorization: '*:development.client-token' }),
      statements: 1, truth: [],
    },
    {
      route: 'POST /api/admin/playground',
      send: client => client.post('/api/admin/playground', { environment: 'development', projects: ['default'], context: { appName: 'shop', userId: '7' } }),
      statements: 1, truth: [],
    },
    {
      route: 'POST /api/admin/playground/advanced',
      send: client => client.post('/api/admin/playground/advanced', { environments, projects: ['default'], context: { appName: 'shop', userId: '7,8' } }),
      statements: 1, truth: [],
    },
    {
      route: 'POST /api/admin/features-batch/export',
      send: client => client.post('/api/admin/features-batch/export', { environment: 'development', features: flags, downloadFile: false }),
      statements: 1, truth: [],
    },
    {
      route: 'POST /api/admin/projects/:projectId/features',
      send: (client, n) => client.post('/api/admin/projects/default/features', { name: `new-${n}`, type: 'release' }),
      statements: 1, truth: [],
    },
    {
      route: 'POST /api/admin/projects/:projectId/stale',
      send: client => client.post('/api/admin/projects/default/stale', { features: flags, stale: true }),
      statements: 1, truth: [],
    },
    {
      route: 'PUT /api/admin/projects/:projectId/tags',
      send: (client, n) => client.send('PUT', '/api/admin/projects/default/tags', { features: flags, tags: { addedTags: [{ type: 'simple', value: `round-${n}` }], removedTags: [] } }),
      statements: 1, truth: [],
    },
    {
      route: 'POST /api/admin/projects/:projectId/bulk_features/environments/:environment/on',
      send: client => client.post('/api/admin/projects/default/bulk_features/environments/production/on', { features: flags }),
      statements: 1, truth: [],
    },
    {
      route: 'POST /api/admin/projects/:projectId/features/:featureName/environments/:environment/strategies/set-sort-order',
      async send(client) {
        const list = await client.get('/api/admin/projects/default/features/flag-1/environments/development/strategies')
        const ids = (JSON.parse(list.text) as { id: string }[]).map(({ id }, i) => ({ id, sortOrder: i + 1 }))
        return client.post('/api/admin/projects/default/features/flag-1/environments/development/strategies/set-sort-order', ids)
      },
      statements: 1, truth: [],
    },
  ],
}

function get(path: string, statements: number, truth: readonly Truth[], template = path): Drive {
  return { route: `GET ${template.split('?')[0]}`, send: client => client.get(path), statements, truth }
}

function sdk(path: string, token: string, template = path): Drive {
  return {
    route: `GET ${template}`,
    send: client => client.send('GET', path, undefined, { authorization: `*:development.${token}` }),
    statements: 1, truth: [],
  }
}

async function seed(client: Client): Promise<void> {
  const login = await client.post('/auth/simple/login', { username: 'admin', password: 'unleash4all' })
  client.headers = { cookie: login.headers.getSetCookie().map(c => c.split(';')[0]).join('; ') }
  await client.make('/api/admin/segments', { name: 'adults', constraints: [{ contextName: 'userId', operator: 'IN', values: ['7', '8'] }] })
  for (const name of flags) {
    await client.make('/api/admin/projects/default/features', { name, type: 'release', description: `What ${name} does` })
    await client.make(`/api/admin/features/${name}/tags`, { type: 'simple', value: `team-${name.length}` })
    for (const environment of environments) {
      const path = `/api/admin/projects/default/features/${name}/environments/${environment}`
      for (const rollout of ['25', '50']) {
        await client.make(`${path}/strategies`, { name: 'flexibleRollout', parameters: { rollout, stickiness: 'default', groupId: name }, constraints: [{ contextName: 'appName', operator: 'IN', values: ['shop'] }], segments: [1] })
      }
      await client.make(`${path}/on`, {})
    }
  }
  for (let i = 1; i <= 8; i++) {
    await client.make('/api/admin/user-admin', { name: `User ${i}`, username: `user${i}`, rootRole: 2, sendEmail: false, password: 'Str0ng-pass-word!' })
  }
  for (const name of ['one', 'two', 'three']) {
    await client.make('/api/client/register', { appName: `app-${name}`, instanceId: name, strategies: ['default'], started: new Date().toISOString(), interval: 10_000 }, 'POST', { authorization: '*:development.client-token' })
  }
}

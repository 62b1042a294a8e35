import type { Application, Drive } from './application.js'
import type { Client } from './client.js'
import { directusTruth } from './directus-truth.js'

/** Directus: an API over tables of one's own; Express and Knex. A magazine: authors, articles, tags. */
export const directus: Application = {
  name: 'directus',
  start: (url, port) => ({
    before: ['node_modules/directus/cli.js', 'bootstrap'],
    args: ['node_modules/directus/cli.js', 'start'],
    env: {
      DB_CLIENT: 'pg',
      DB_CONNECTION_STRING: url,
      SECRET: 'a secret of the tests that is long enough',
      ADMIN_EMAIL: 'admin@example.com',
      ADMIN_PASSWORD: 'secret-password',
      ADMIN_TOKEN: 'admin-token',
      HOST: '127.0.0.1',
      PORT: String(port),
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      TELEMETRY: 'false',
      LOG_LEVEL: 'error',
      SERVE_APP: 'false',
      // On a busy machine it would refuse requests.
      PRESSURE_LIMITER_ENABLED: 'false',
      CACHE_ENABLED: 'false',
      EXTENSIONS_AUTO_RELOAD: 'false',
    },
  }),
  ready: '/server/ping',
  seed,
  truth: directusTruth,
  drives: [
    items('all', 4, 'articles', 'limit=50'),
    items(
      'with authors and teams',
      4,
      'articles',
      'limit=50&fields=title,author.name,author.team.name',
    ),
    items(
      'with tags, comments and their number',
      7,
      'articles',
      'limit=50&fields=title,tags.tag.name,comments.text&meta=*',
    ),
    items(
      'filtered by what belongs to them',
      3,
      'authors',
      `fields=name,articles.title&filter=${encodeURIComponent(JSON.stringify({ articles: { title: { _contains: '1' } } }))}`,
    ),
    items('counted', 2, 'articles', 'aggregate[count]=*&groupBy[]=status'),
    get('/items/articles/1?fields=*,author.*,comments.*', 6, '/items/:collection/:pk'),
    get('/users/me', 3),
    get('/users?fields=*,role.*', 7),
    get('/roles', 5),
    get('/permissions', 2),
    get('/collections', 3),
    get('/fields', 3),
    get('/fields/articles', 3, '/fields/:collection'),
    get('/relations', 2),
    get('/settings', 2),
    get('/activity?limit=100', 3),
    get('/revisions?limit=100', 2),
    get('/files', 2),
    get('/server/info', 5),
    get('/schema/snapshot', 13),
    {
      route: 'POST /graphql',
      send: client =>
        client.post('/graphql', {
          query:
            '{ articles(limit: 20) { title author { name team { name } } comments { text } } }',
        }),
      statements: 5,
    },
    {
      route: 'POST /auth/login',
      send: client =>
        client.send(
          'POST',
          '/auth/login',
          { email: 'admin@example.com', password: 'secret-password' },
          {},
        ),
      statements: 10,
    },
    {
      route: 'POST /items/:collection',
      send: (client, n) => client.post('/items/comments', { text: `comment ${n}`, article: 1 }),
      statements: 7,
    },
    {
      route: 'POST /items/:collection',
      what: 'eight at once',
      send: (client, n) =>
        client.post(
          '/items/comments',
          Array.from({ length: 8 }, (_, i) => ({ text: `many ${n} ${i}`, article: 2 })),
        ),
      statements: 28,
    },
    {
      route: 'PATCH /items/:collection',
      send: (client, n) =>
        client.send('PATCH', '/items/articles', {
          keys: [1, 2, 3, 4, 5, 6, 7, 8],
          data: { views: n },
        }),
      statements: 24,
    },
    {
      route: 'PATCH /items/:collection/:pk',
      send: (client, n) =>
        client.send('PATCH', '/items/articles/3', {
          views: n,
          comments: {
            create: Array.from({ length: 6 }, (_, i) => ({ text: `nested ${n} ${i}` })),
            update: [],
            delete: [],
          },
        }),
      statements: 30,
    },
    {
      route: 'POST /fields/:collection',
      statements: 24,
      send: (client, n) =>
        client.post('/fields/comments', {
          field: `extra_${n}`,
          type: 'string',
          schema: {},
          meta: {},
        }),
    },
  ],
}

function items(what: string, statements: number, collection: string, query: string): Drive {
  return { ...get(`/items/${collection}?${query}`, statements, '/items/:collection'), what }
}

function get(path: string, statements: number, template = path.split('?')[0]): Drive {
  return { route: `GET ${template}`, statements, send: client => client.get(path) }
}

async function seed(client: Client): Promise<void> {
  client.headers = { authorization: 'Bearer admin-token' }
  const table = (collection: string, fields: readonly string[]) =>
    client.make('/collections', {
      collection,
      schema: {},
      meta: {},
      fields: [
        {
          field: 'id',
          type: 'integer',
          schema: { is_primary_key: true, has_auto_increment: true },
          meta: { hidden: true },
        },
        ...fields.map(field => ({
          field,
          type: field === 'views' ? 'integer' : 'string',
          schema: {},
          meta: {},
        })),
      ],
    })
  const toOne = async (collection: string, field: string, related: string, back?: string) => {
    await client.make(`/fields/${collection}`, {
      field,
      type: 'integer',
      schema: {},
      meta: { special: ['m2o'] },
    })
    if (back !== undefined)
      await client.make(`/fields/${related}`, {
        field: back,
        type: 'alias',
        meta: { special: ['o2m'] },
      })
    await client.make('/relations', {
      collection,
      field,
      related_collection: related,
      schema: { on_delete: 'SET NULL' },
      meta: { one_field: back ?? null },
    })
  }
  await table('teams', ['name'])
  await table('authors', ['name'])
  await table('articles', ['title', 'status', 'text', 'views'])
  await table('tags', ['name'])
  await table('articles_tags', [])
  await table('comments', ['text'])
  await toOne('authors', 'team', 'teams')
  await toOne('articles', 'author', 'authors', 'articles')
  await toOne('comments', 'article', 'articles', 'comments')
  await toOne('articles_tags', 'article', 'articles', 'tags')
  await toOne('articles_tags', 'tag', 'tags')
  await client.make('/items/teams', [{ name: 'News' }, { name: 'Sport' }])
  await client.make(
    '/items/authors',
    ['Ada', 'Alan', 'Barbara', 'Edsger', 'Grace', 'Ken'].map((name, i) => ({
      name,
      team: (i % 2) + 1,
    })),
  )
  await client.make('/items/tags', [{ name: 'new' }, { name: 'good' }, { name: 'old' }])
  await client.make(
    '/items/articles',
    Array.from({ length: 24 }, (_, i) => ({
      title: `Article ${i}`,
      status: i % 3 === 0 ? 'draft' : 'published',
      text: `What article ${i} says`,
      views: i,
      author: (i % 6) + 1,
      tags: [{ tag: (i % 3) + 1 }],
      comments: [{ text: `first of ${i}` }, { text: `second of ${i}` }],
    })),
  )
}

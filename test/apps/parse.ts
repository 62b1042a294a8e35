import type { Application, Drive } from './application.js'
import type { Client } from './client.js'
import { parseTruth } from './parse-truth.js'

/**
 * Parse Server: Express and pg-promise. A blog of its own classes: authors, posts with pointers, comments
 * in a relation; users with roles.
 */
const key = { 'x-parse-application-id': 'shop', 'x-parse-master-key': 'master' }
const user = (client: Client) => ({
  'x-parse-application-id': 'shop',
  'x-parse-session-token': client.known['session'] ?? '',
})
const where = (value: unknown): string => `where=${encodeURIComponent(JSON.stringify(value))}`
const pointer = (className: string, objectId: string) => ({
  __type: 'Pointer',
  className,
  objectId,
})

export const parse: Application = {
  name: 'parse',
  node: 24,
  start: (url, port) => ({
    args: ['node_modules/parse-server/bin/parse-server'],
    env: {
      PARSE_SERVER_APPLICATION_ID: 'shop',
      PARSE_SERVER_MASTER_KEY: 'master',
      PARSE_SERVER_DATABASE_URI: url,
      PARSE_SERVER_HOST: '127.0.0.1',
      PORT: String(port),
      PARSE_SERVER_URL: `http://127.0.0.1:${port}/parse`,
      PARSE_SERVER_MOUNT_PATH: '/parse',
      PARSE_SERVER_MOUNT_GRAPHQL: 'true',
      PARSE_SERVER_LOG_LEVEL: 'error',
      PARSE_SERVER_ALLOW_CLIENT_CLASS_CREATION: 'true',
    },
  }),
  ready: '/parse/health',
  seed,
  ids: /^[A-Za-z0-9]{10}$/,
  truth: parseTruth,
  drives: [
    list('all', '/parse/classes/Post?limit=50', 1),
    list('with authors', '/parse/classes/Post?limit=50&include=author', 2),
    list(
      'with companies, tags and their number',
      '/parse/classes/Post?limit=20&include=author.company,tags&count=1',
      5,
    ),
    list(
      'of some authors',
      `/parse/classes/Post?${where({ author: { $inQuery: { className: 'Author', where: { name: { $regex: '^A' } } } } })}`,
      2,
    ),
    {
      route: 'GET /parse/classes/:className/:objectId',
      send: client => client.get(`/parse/classes/Post/${client.known['post']}?include=author`),
      statements: 2,
    },
    {
      route: 'GET /parse/classes/:className',
      what: 'of a relation',
      send: client =>
        client.get(
          `/parse/classes/Comment?${where({ $relatedTo: { object: pointer('Post', client.known['post'] ?? ''), key: 'comments' } })}`,
        ),
      statements: 2,
    },
    {
      route: 'GET /parse/classes/:className',
      what: 'by a user',
      send: client => client.send('GET', '/parse/classes/Secret?limit=50', undefined, user(client)),
      statements: 1,
    },
    get('/parse/users?limit=20', 1),
    {
      route: 'GET /parse/users/me',
      send: client => client.send('GET', '/parse/users/me', undefined, user(client)),
      statements: 2,
    },
    {
      route: 'GET /parse/login',
      send: client => client.get('/parse/login?username=user1&password=secret'),
      statements: 3,
    },
    get('/parse/roles', 1),
    get('/parse/sessions', 1),
    get('/parse/schemas', 2),
    get(
      '/parse/aggregate/Post?' +
        `pipeline=${encodeURIComponent(JSON.stringify([{ $group: { _id: '$kind', total: { $sum: 1 } } }]))}`,
      1,
      '/parse/aggregate/:className',
    ),
    {
      route: 'POST /parse/classes/:className',
      send: (client, n) => client.post('/parse/classes/Note', { text: `note ${n}`, n }),
      statements: 1,
    },
    {
      route: 'PUT /parse/classes/:className/:objectId',
      send: (client, n) =>
        client.send('PUT', `/parse/classes/Post/${client.known['post']}`, { views: n }),
      statements: 1,
    },
    {
      route: 'POST /graphql',
      send: client =>
        client.post('/graphql', {
          query:
            '{ posts(first: 12) { edges { node { title author { name } comments { edges { node { text } } } } } } }',
        }),
      statements: 27,
    },
  ],
}

function list(what: string, path: string, statements: number): Drive {
  return { ...get(path, statements, '/parse/classes/:className'), what }
}

function get(path: string, statements: number, template = path.split('?')[0]): Drive {
  return { route: `GET ${template}`, statements, send: client => client.get(path) }
}

async function seed(client: Client): Promise<void> {
  client.headers = key
  const make = async (
    className: string,
    body: Readonly<Record<string, unknown>>,
  ): Promise<string> => String((await client.make(`/parse/classes/${className}`, body))['objectId'])
  const company = await make('Company', { name: 'Roasters' })
  const authors: string[] = []
  for (const name of ['Ada', 'Alan', 'Barbara', 'Edsger', 'Grace', 'Ken']) {
    authors.push(await make('Author', { name, company: pointer('Company', company) }))
  }
  const tags = [await make('Tag', { name: 'new' }), await make('Tag', { name: 'good' })]
  for (let i = 0; i < 24; i++) {
    const comments: string[] = []
    for (let c = 0; c < 3; c++)
      comments.push(await make('Comment', { text: `comment ${c} of ${i}` }))
    client.known['post'] = await make('Post', {
      title: `Post ${i}`,
      kind: i % 3 === 0 ? 'long' : 'short',
      views: 0,
      author: pointer('Author', authors[i % authors.length] ?? ''),
      tags: tags.map(id => pointer('Tag', id)),
      comments: { __op: 'AddRelation', objects: comments.map(id => pointer('Comment', id)) },
    })
  }
  const users: string[] = []
  for (let i = 1; i <= 4; i++) {
    const made = await client.make('/parse/users', {
      username: `user${i}`,
      password: 'secret',
      email: `user${i}@example.com`,
    })
    users.push(String(made['objectId']))
  }
  const login = await client.make('/parse/login', { username: 'user1', password: 'secret' })
  client.known['session'] = String(login['sessionToken'])
  const role = await client.make('/parse/roles', {
    name: 'editors',
    ACL: { '*': { read: true } },
    users: { __op: 'AddRelation', objects: users.map(id => pointer('_User', id)) },
  })
  await client.make('/parse/roles', {
    name: 'readers',
    ACL: { '*': { read: true } },
    roles: { __op: 'AddRelation', objects: [pointer('_Role', String(role['objectId']))] },
  })
  for (let i = 0; i < 10; i++)
    await make('Secret', { n: i, ACL: { 'role:readers': { read: true } } })
}

import { request } from 'node:http'
import type { Agent, IncomingHttpHeaders } from 'node:http'

const ROUTES = ['/orders', '/users/42/orders', '/menu']
const METHODS = ['GET', 'GET', 'POST', 'HEAD'] as const

/** xorshift32: the same spellings for each framework, and in each run. */
function random(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

type Change = (path: string, below: (n: number) => number) => string

const at = (path: string, below: (n: number) => number) => below(path.length)
const changed = (path: string, index: number, by: (character: string) => string) =>
  path.slice(0, index) + by(path[index] ?? '') + path.slice(index + 1)
const hex = (character: string) => character.charCodeAt(0).toString(16).padStart(2, '0')

const changes: readonly Change[] = [
  (path, below) => changed(path, at(path, below), one => one.toUpperCase()),
  path => path.toUpperCase(),
  (path, below) => changed(path, at(path, below), one => `%${hex(one)}`),
  (path, below) => changed(path, at(path, below), one => `%${hex(one).toUpperCase()}`),
  (path, below) => changed(path, at(path, below), one => `%25${hex(one)}`),
  path => `${path}/`,
  path => `/${path}`,
  (path, below) => changed(path, at(path, below), one => (one === '/' ? '//' : one)),
  path => `${path}//`,
  path => `/.${path}`,
  path => `/x/..${path}`,
  path => `/%2e${path}`,
  path => `/x/%2E%2e${path}`,
  path => `${path}/.`,
  path => `${path}/..`,
  path => path.replace(/\/(\w+)$/, '\\$1'),
  path => path.replace(/\/(\w+)$/, '%2F$1'),
  path => path.replace(/\/(\w+)$/, '%5c$1'),
  path => `${path};a=1`,
  path => `${path}?a=/orders`,
  path => `${path}?`,
  path => `${path}#menu`,
  path => `${path}%00`,
  path => `${path}%20`,
  path => `${path}.json`,
  path => `${path}.`,
  path => `${path}%`,
  path => `${path}%zz`,
  path => `http://127.0.0.1${path}`,
  path => `HTTP://example.com:80${path}`,
  path => `${path}%c3%a4`,
  path => path.replace('42', '%34%32'),
  path => path.replace('42', 'a%2Fb'),
  path => path.slice(0, -1),
  path => `${path}s`,
]

export interface Spelling {
  readonly method: string
  readonly target: string
}

/** Some that are as they are written, and such with one to four changes. */
export function spellings(count: number, seed = 20): Spelling[] {
  const below = random(seed)
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T
  return Array.from({ length: count }, () => {
    let target = pick(ROUTES)
    for (let n = below(5); n > 0; n--) target = pick(changes)(target, below)
    // Of others Node's parser says 400, and closes the connection.
    return { method: pick(METHODS), target: /^(?:\/|http:)/i.test(target) ? target : `/${target}` }
  })
}

export interface Answered {
  readonly status: number
  readonly headers: IncomingHttpHeaders
}

/** Sends the target as it is. */
export function ask(
  port: number,
  agent: Agent,
  { method, target }: Spelling,
  again = 3,
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const asked = request({ port, host: '127.0.0.1', method, path: target, agent }, response => {
      response.resume()
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers }),
      )
    })
    asked.once('error', cause => {
      // Where Node's parser refused the one before, Fastify closes the connection and does not say so.
      if (again > 0) ask(port, agent, { method, target }, again - 1).then(resolve, reject)
      else reject(new Error(`${method} ${target}`, { cause }))
    })
    asked.end()
  })
}

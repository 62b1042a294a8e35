import { PathMatch } from '../trace/path-match.js'

/**
 * What belongs to a request by method and path: a guess, before the router has had it. Names are those of
 * the config, `GET /users/:id`; `*` stands for all others. HEAD is GET.
 */
export class RouteTable<T extends object> {
  readonly #byMethod: ReadonlyMap<string, PathMatch<T>>
  readonly #others: T | undefined

  constructor(routes: Iterable<readonly [string, T]>) {
    const byMethod = new Map<string, [string, T][]>()
    for (const [route, of] of routes) {
      const [method = '', path = ''] = route.split(' ')
      if (route === '*') this.#others = of
      else byMethod.set(method, [...(byMethod.get(method) ?? []), [path, of]])
    }
    this.#byMethod = new Map([...byMethod].map(([method, list]) => [method, new PathMatch(list)]))
  }

  find(method: string, url: string): T | undefined {
    const asked = method === 'HEAD' ? 'GET' : method
    return this.#byMethod.get(asked)?.candidate(url) ?? this.#others
  }
}

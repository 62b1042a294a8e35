import { decoded, isLiteral, matches, segmentsOf } from './policy.js'

/** Targets whose answer is remembered. */
const MOST_PATHS = 2000

/**
 * What belongs to a request by method and path: a guess, before the router has had it. Names are those of
 * the config, `GET /users/:id`; `*` stands for all others. HEAD is GET.
 */
export class RouteTable<T> {
  readonly #exact = new Map<string, T>()
  readonly #patterns: { method: string; segments: readonly string[]; of: T }[] = []
  readonly #others: T | undefined
  readonly #paths = new Map<string, T | null>()

  constructor(routes: Iterable<readonly [string, T]>) {
    let others: T | undefined
    for (const [route, of] of routes) {
      const [method = '', path = ''] = route.split(' ')
      const segments = segmentsOf(path)
      if (route === '*') others = of
      else if (segments.every(isLiteral)) this.#exact.set(`${method} ${segments.join('/')}`, of)
      else this.#patterns.push({ method, segments, of })
    }
    this.#others = others
  }

  find(method: string, url: string): T | undefined {
    const query = url.indexOf('?')
    const asked = method === 'HEAD' ? 'GET' : method
    const target = `${asked} ${query < 0 ? url : url.slice(0, query)}`
    const known = this.#paths.get(target)
    if (known !== undefined) return known ?? undefined
    const found = this.#look(asked, target.slice(asked.length + 1)) ?? this.#others
    if (this.#paths.size >= MOST_PATHS) this.#paths.clear()
    if (target.length <= 200) this.#paths.set(target, found ?? null)
    return found
  }

  #look(method: string, path: string): T | undefined {
    const segments = segmentsOf(decoded(path))
    return (
      this.#exact.get(`${method} ${segments.join('/')}`) ??
      this.#patterns.find(each => each.method === method && matches(each.segments, segments))?.of
    )
  }
}

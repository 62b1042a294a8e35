import type { EdgeRoute, Noter } from './plan.js'

/** A path of the API, and the routes whose methods are on it; `ANY` of each path takes all others. */
export interface ApiPath {
  /** `/orders/{id}` */
  readonly path: string
  readonly routes: readonly EdgeRoute[]
}

/** One part of the paths, and what lies below it. */
class Part {
  readonly routes: EdgeRoute[] = []
  /** Of routes that end in anything (`/files/*`). */
  readonly endless: EdgeRoute[] = []
  readonly words = new Map<string, Part>()
  /** API Gateway takes one variable in each place, so the first name stands for those of all routes. */
  variable: { readonly name: string; readonly part: Part } | undefined

  below(part: string): Part {
    const { words } = this
    if (part.startsWith(':'))
      return (this.variable ??= { name: part.slice(1), part: new Part() }).part
    const known = words.get(part) ?? new Part()
    words.set(part, known)
    return known
  }
}

/**
 * The paths of an API of API Gateway. It looks for the resource that fits best and does not turn back: what
 * lies beside or below the routes of the config would be answered with 403, so each part of a path has a
 * `{proxy+}` below it. A variable in that place takes one part by itself, and has the `{proxy+}` below.
 */
export function apiPaths(routes: readonly EdgeRoute[], note: Noter): readonly ApiPath[] {
  const root = new Part()
  for (const route of routes) if (route.path !== undefined) place(root, route, route.path, note)
  const paths: ApiPath[] = []
  collect(root, '', paths)
  return paths
}

function place(root: Part, route: EdgeRoute, path: string, note: Noter): void {
  let at = root
  for (const part of path.split('/').filter(each => each !== '')) {
    // The characters that API Gateway takes in a part of a path.
    if (!/^(?::\w+|[\w.-][\w.:-]*)$/.test(part)) {
      note(route.name, 'path', 'the end of it is taken as anything')
      at.endless.push(route)
      return
    }
    at = at.below(part)
  }
  at.routes.push(route)
}

function collect({ routes, endless, words, variable }: Part, path: string, paths: ApiPath[]): void {
  paths.push({ path: path === '' ? '/' : path, routes })
  for (const [word, part] of words) collect(part, `${path}/${word}`, paths)
  if (variable === undefined) {
    paths.push({ path: `${path}/{proxy+}`, routes: endless })
    return
  }
  const { name, part } = variable
  part.routes.push(...endless)
  part.endless.push(...endless)
  collect(part, `${path}/{${name}}`, paths)
}

/** A route that ends in anything may lie on two. */
export const pathsOf = (route: EdgeRoute, paths: readonly ApiPath[]): readonly string[] =>
  paths.filter(({ routes }) => routes.includes(route)).map(({ path }) => path)

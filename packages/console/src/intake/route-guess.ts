import { pathTemplate } from 'hotpath/templates'
import type { AttributeValue } from '../model.js'

/**
 * Guesses of one service that may become a route, as in the recorder: a word in a path may be
 * somebody's data, and a scanner tries thousands. What is new beyond this is the one route `/*`.
 */
const guessLimit = 300
/** Services whose guesses are remembered. */
const serviceLimit = 100

/**
 * A route as it is told elsewhere: Go's pattern holds the method (`GET /users/{id}`), those of ASP.NET
 * and Django have no slash in front (`users/{id}`).
 */
export function plainRoute(route: string): string {
  const path = route.replace(/^[A-Z]+ +(?=\/)/, '')
  return /^[\w{<]/.test(path) && !path.includes('://') ? `/${path}` : path
}

/** Finds the routes of requests whose sender names none. */
export class RouteGuesses {
  readonly #byService = new Map<string, Set<string>>()

  /**
   * Puts `http.route` on a server span without one: the one in its name (`GET /users/{id}`), else its
   * path with ids replaced, both marked `hotpath.route.guessed`. What was answered 404 has no route.
   * Returns the span's name, which may carry the raw path.
   */
  complete(attributes: Record<string, AttributeValue>, service: string, name: string): string {
    const method = attributes['http.request.method']
    if (typeof method !== 'string') return name
    const route = attributes['http.route']
    if (typeof route === 'string' && route !== '') {
      attributes['http.route'] = plainRoute(route)
      return name
    }
    const path = attributes['url.path'] ?? attributes['url.full']
    const named = /^[A-Z]+ (\/\S*)$/.exec(name)?.[1]
    const guess = this.#guess(typeof path === 'string' ? path : undefined, named, service)
    const found = attributes['http.response.status_code'] !== 404
    if (guess !== undefined && found) {
      attributes['http.route'] = guess
      attributes['hotpath.route.guessed'] = true
    }
    return named === undefined ? name : found && guess !== undefined ? `${method} ${guess}` : method
  }

  #guess(path: string | undefined, named: string | undefined, service: string): string | undefined {
    const template = named !== undefined && /[:{<*[]/.test(named)
    if (template) return this.#bounded(named, service)
    const known = path ?? named
    return known === undefined ? undefined : this.#bounded(pathTemplate(known), service)
  }

  #bounded(guess: string, service: string): string {
    const guesses = this.#byService.get(service) ?? new Set()
    if (guesses.has(guess)) return guess
    const servicesFull = guesses.size === 0 && this.#byService.size >= serviceLimit
    if (guesses.size >= guessLimit || guess.length > 350 || servicesFull) return '/*'
    this.#byService.set(service, guesses.add(guess))
    return guess
  }
}

/** What Express takes as a path; arrays may be nested. */
export type ExpressPath = string | RegExp | readonly ExpressPath[] | null | undefined

interface Layer {
  match(path: string): unknown
}
export type LayerClass = new (path: unknown, options: object, handle: () => void) => Layer

/** Hand-written paths are shorter; what is longer was generated. */
const MAX_TEMPLATE = 200

/**
 * `/users/:uid` and `/orders` to `/users/:uid/orders`; a regular expression is shown as it is written. To a
 * router of Express no path is the same as `/`.
 */
export function joinTemplate(prefix: string, path: string): string {
  if (path === '/' || path === '') return prefix === '' ? '/' : prefix
  if (prefix === '') return path.slice(0, MAX_TEMPLATE)
  return `${prefix}${path.startsWith('/') ? '' : '/'}${path}`.slice(0, MAX_TEMPLATE)
}

/** What a mount path adds in front of the routes behind it: `/api/` adds `/api`, `/` nothing. */
export function mountTemplate(prefix: string, path: string): string {
  return path === '/' || path === '' ? prefix : joinTemplate(prefix, path).replace(/\/$/, '')
}

/**
 * Finds out which path of an array a request came by, with Express's own matcher, so that both
 * major versions' syntax holds. A path alone is found without matching.
 */
export class PathChoice {
  readonly #only: string | undefined
  readonly #choices: readonly { readonly text: string; readonly layer: Layer }[]

  constructor(path: ExpressPath, Layer: LayerClass, options: object) {
    const paths = ([path] as unknown[]).flat(Number.POSITIVE_INFINITY) as (string | RegExp)[]
    const single = paths.length === 1 || paths.every(each => String(each) === String(paths[0]))
    this.#only = single ? String(paths[0] ?? '') : undefined
    this.#choices = single
      ? []
      : paths.map(each => ({ text: String(each), layer: new Layer(each, options, () => {}) }))
  }

  /** The path as written, for the part of the request's path that it was matched against. */
  of(path: string): string {
    if (this.#only !== undefined) return this.#only
    const chosen = this.#choices.find(({ layer }) => layer.match(path)) ?? this.#choices[0]
    return chosen?.text ?? ''
  }
}

import { existsSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Attributes } from './attributes.js'
import type { CallSite } from './call-site.js'
import { SourceMaps } from './source-maps.js'

/** Places remembered: an app that asks from more is asked for again. */
const MAX_SITES = 5_000

/**
 * Turns places in what runs into places in what was written, relative to the app's root:
 * `src/orders.ts:42`. No absolute path of the machine leaves: a file outside of the root is shown from
 * its package (`shared/src/db.ts`). Runs in the worker; reads files; never throws.
 */
export class CallSites {
  readonly #root: string
  readonly #maps = new SourceMaps()
  readonly #known = new Map<string, Attributes>()

  /** @param root Absolute path of the folder that paths are told from. */
  constructor(root: string) {
    this.#root = root
  }

  /** `code.file.path`, `code.line.number` and, where there is one, `code.function.name` and `hotpath.orm`. */
  attributes(site: CallSite): Attributes {
    const key = `${site.file}:${site.line}:${site.column}:${site.orm ?? ''}`
    let known = this.#known.get(key)
    if (known === undefined) {
      if (this.#known.size >= MAX_SITES) this.#known.clear()
      known = this.#find(site)
      this.#known.set(key, known)
    }
    return known
  }

  #find(site: CallSite): Attributes {
    const file = toPath(site.file)
    const original = site.mapped
      ? undefined
      : this.#maps.original(file, site.line, site.column, site.map)
    const attributes: Attributes = {
      'code.file.path': this.#shown(original?.file ?? file),
      'code.line.number': original?.line ?? site.line,
    }
    if (site.function !== undefined) attributes['code.function.name'] = site.function.slice(0, 100)
    if (site.orm !== undefined) attributes['hotpath.orm'] = site.orm
    return attributes
  }

  #shown(file: string): string {
    const scheme = /^[a-z][\w+.-]+:\/\/[^/]*\//i.exec(file)
    // webpack://app/./src/a.ts is told from the root as it is, but webpack:///home/ann/app/src/a.ts is not.
    if (scheme !== null) return this.#bundled(plain(file.slice(scheme[0].length)))
    const inside = relative(this.#root, file)
    if (!inside.startsWith('..') && !isAbsolute(inside)) return slashes(inside)
    return fromPackage(file)
  }

  #bundled(path: string): string {
    const file = `/${path}`
    const inside = relative(this.#root, file)
    if (!inside.startsWith('..')) return slashes(inside)
    if (existsSync(file)) return fromPackage(file)
    return MACHINE.test(path)
      ? (/(?:^|\/)((?:src|lib|app|apps|packages)\/.*)$/.exec(
          path.slice(path.indexOf('/') + 1),
        )?.[1] ?? basename(path))
      : path
  }
}

/** Paths that start so are those of the machine that made the bundle. */
const MACHINE =
  /^(?:home|Users|root|var|opt|tmp|usr|mnt|srv|private|builds?|workspaces?|github|data|[A-Za-z]:)\//i

function fromPackage(file: string): string {
  const home = packageFolder(file)
  return home === undefined ? basename(file) : slashes(join(basename(home), relative(home, file)))
}

function packageFolder(file: string): string | undefined {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder
  }
  return undefined
}

function toPath(file: string): string {
  if (!file.startsWith('file:')) return file
  try {
    return fileURLToPath(file)
  } catch {
    return file
  }
}

/** Without `./`, `../` and a query such as webpack's `?a1b2`. */
function plain(path: string): string {
  const parts = path.replace(/\?.*$/, '').split('/')
  return parts.filter(part => part !== '' && part !== '.' && part !== '..').join('/')
}

const slashes = (path: string): string => (sep === '\\' ? path.replaceAll('\\', '/') : path)

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Reply } from '../intake/otlp/reply.js'

/** What `npm run build` makes of `packages/console/ui`. */
const built = fileURLToPath(new URL('../page/', import.meta.url))

/** Paths that are views of the page: each has a link of its own, and a reload of it works. */
const views =
  /^\/(?:(?:routes|statements|traces|compare|watch)?|routes\/[^/]+|(?:traces|findings)\/[0-9a-f]{4,32})$/

/**
 * Nothing is loaded from elsewhere, nothing runs that was not built here: text of telemetry that
 * became markup by a mistake of ours would still be dead.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const pageHeaders = {
  'content-security-policy': policy,
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

/** Best first. */
const encodings = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const

/**
 * Answers for the page in the browser: `/` and its views are `index.html`, `/assets/...` what it is
 * made of. Undefined for every other path. Needs no token: these files are the same for everybody.
 *
 * @example
 * openPage().reply('/', 'br, gzip') // 200 text/html, compressed
 */
export class Page {
  readonly #files: ReadonlyMap<string, Uint8Array>

  /** Reads all files of `directory` into memory: 300 kB. */
  constructor(directory = built) {
    this.#files = filesOf(directory)
  }

  reply(pathname: string, acceptEncoding: string | undefined): Reply | undefined {
    if (views.test(pathname)) return this.#index(acceptEncoding)
    if (!pathname.startsWith('/assets/')) return undefined
    // Named by content, so it never changes.
    return this.#file(pathname, acceptEncoding, {
      'cache-control': 'public, max-age=31536000, immutable',
    })
  }

  #index(acceptEncoding: string | undefined): Reply {
    return (
      this.#file('/index.html', acceptEncoding, {}) ?? {
        status: 503,
        headers: { 'content-type': 'text/plain; charset=utf-8' },
        body: Buffer.from('The page was not built. Run `npm run build`; /api/status answers.\n'),
      }
    )
  }

  #file(path: string, acceptEncoding: string | undefined, more: object): Reply | undefined {
    const plain = this.#files.get(path)
    const type = types[extname(path)]
    if (plain === undefined || type === undefined) return undefined
    const headers = { 'content-type': type, vary: 'accept-encoding', ...pageHeaders, ...more }
    for (const [encoding, ending] of encodings) {
      const body = this.#files.get(`${path}${ending}`)
      if (body !== undefined && accepts(acceptEncoding, encoding))
        return { status: 200, headers: { ...headers, 'content-encoding': encoding }, body }
    }
    return { status: 200, headers, body: plain }
  }
}

/** Whether `gzip;q=0.8, br;q=0` takes an encoding. `*` is left aside: what is named is enough. */
function accepts(header: string | undefined, encoding: string): boolean {
  return (header ?? '').split(',').some(part => {
    const [name, ...parameters] = part
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/)
    return name === encoding && !parameters.some(parameter => /^q=0(?:\.0*)?$/.test(parameter))
  })
}

function filesOf(directory: string): Map<string, Uint8Array> {
  if (!existsSync(directory)) return new Map()
  return new Map(
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => {
        const path = join(entry.parentPath, entry.name)
        return [`/${path.slice(directory.length).replaceAll('\\', '/')}`, readFileSync(path)]
      }),
  )
}

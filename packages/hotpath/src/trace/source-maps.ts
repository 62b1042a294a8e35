import { readFileSync, statSync } from 'node:fs'
import { SourceMap, type SourceMapPayload } from 'node:module'
import { dirname, resolve } from 'node:path'

/** A file or map over this is not read: the site is then that of the compiled file. */
const MAX_BYTES = 20_000_000
/** Maps held at once; an app has one (bundled) or one per file that asks the database. */
const MAX_MAPS = 100
const COMMENT = '# sourceMappingURL='

export interface Position {
  /** Absolute path, or a URL of another scheme (`webpack://app/./src/a.ts`). */
  readonly file: string
  /** From 1 up. */
  readonly line: number
}

interface LoadedMap {
  readonly map: SourceMap
  /** Where relative sources start. */
  readonly folder: string
  readonly sourceRoot: string
}

/** The source maps of files on disk, each read once; read in the worker, never on the request's way. */
export class SourceMaps {
  readonly #maps = new Map<string, LoadedMap | undefined>()

  /**
   * What was written, for a position in what runs. Undefined when the file has no map, or one that is
   * missing, broken, or knows nothing of the position.
   *
   * @param file Absolute path. @param line From 1 up. @param column From 1 up.
   * @param map Its map, where the file does not name it.
   */
  original(file: string, line: number, column: number, map?: string): Position | undefined {
    const loaded = this.#mapOf(file, map)
    if (loaded === undefined) return undefined
    const entry = loaded.map.findEntry(line - 1, column - 1)
    if (!('originalSource' in entry) || typeof entry.originalSource !== 'string') return undefined
    return { file: locate(entry.originalSource, loaded), line: entry.originalLine + 1 }
  }

  #mapOf(file: string, map: string | undefined): LoadedMap | undefined {
    const key = map ?? file
    if (this.#maps.has(key)) return this.#maps.get(key)
    if (this.#maps.size >= MAX_MAPS) this.#maps.delete(this.#maps.keys().next().value as string)
    let loaded: LoadedMap | undefined
    try {
      loaded = map === undefined ? load(file) : made(read(map), dirname(file))
    } catch {
      // Missing or broken: as if the file had none.
    }
    this.#maps.set(key, loaded)
    return loaded
  }
}

function load(file: string): LoadedMap | undefined {
  const code = read(file)
  const at = code.lastIndexOf(COMMENT)
  if (at < 0) return undefined
  const url = /^\S*/.exec(code.slice(at + COMMENT.length))?.[0] ?? ''
  const path = url.startsWith('data:') ? undefined : resolve(dirname(file), decodeURI(url))
  return made(path === undefined ? fromDataUrl(url) : read(path), dirname(path ?? file))
}

function made(text: string, folder: string): LoadedMap {
  // Some servers put )]}' in front, against being run as a script (source map specification, 3).
  const payload = JSON.parse(text.replace(/^\)\]\}'[^\n]*\n/, '')) as SourceMapPayload
  return {
    map: new SourceMap(payload),
    folder,
    sourceRoot: payload.sourceRoot ?? '',
  }
}

function read(file: string): string {
  if (statSync(file).size > MAX_BYTES) throw new Error('too large')
  return readFileSync(file, 'utf8')
}

function fromDataUrl(url: string): string {
  const comma = url.indexOf(',')
  const body = url.slice(comma + 1)
  return url.slice(0, comma).endsWith(';base64')
    ? Buffer.from(body, 'base64').toString('utf8')
    : decodeURIComponent(body)
}

function locate(source: string, { folder, sourceRoot }: LoadedMap): string {
  if (hasScheme(source)) return source.replace(/^file:\/\//, '')
  const rooted = hasScheme(sourceRoot) && !sourceRoot.startsWith('file:')
  if (rooted) return `${sourceRoot.replace(/\/$/, '')}/${source}`
  return resolve(folder, sourceRoot.replace(/^file:\/\//, ''), source)
}

const hasScheme = (text: string): boolean => /^[a-z][\w+.-]+:/i.test(text)

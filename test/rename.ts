/**
 * A copy of the coffee shop in which nothing keeps its name: route segments, tables, columns,
 * indexes, the schema, files, folders and functions, all renamed by a seed. What is found in the
 * copy cannot have been recognised by a name.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** File paths, relative to the shop's folder, with their texts. */
export type Sources = ReadonlyMap<string, string>

/** What there is to rename. */
export interface Names {
  /** Renamed wherever they stand as a whole word. */
  readonly words: ReadonlySet<string>
  /** Stems of files and names of folders below src/: renamed where they stand in a path. */
  readonly paths: ReadonlySet<string>
}

/** The folders of the shop that are copied. */
const copied = ['src', 'demo']

/** Reads all sources of a shop. */
export function readSources(folder: string): Sources {
  const files = copied.flatMap(part =>
    readdirSync(join(folder, part), { recursive: true, encoding: 'utf8' })
      .filter(file => file.endsWith('.ts'))
      .map(file => `${part}/${file.replaceAll('\\', '/')}`),
  )
  return new Map(files.sort().map(file => [file, readFileSync(join(folder, file), 'utf8')]))
}

/** Collects every name that a shop gives to something of its own. */
export function namesOf(sources: Sources): Names {
  const words = new Set<string>()
  const paths = new Set<string>()
  for (const [file, text] of sources) {
    for (const part of file.split('/').slice(1)) paths.add(part.replace(/\.ts$/, ''))
    if (!file.startsWith('src/')) continue
    for (const [, route = ''] of text.matchAll(/\.(?:get|post|use)\(\s*'\/([^']*)'/g)) {
      for (const segment of route.split('/')) words.add(segment.replace(/^:/, ''))
    }
    for (const [, name = ''] of text.matchAll(/\bfunction (\w+)/g)) words.add(name)
    for (const [, name = ''] of text.matchAll(/create \w+ if not exists (\w+)/g)) words.add(name)
    for (const [, body = ''] of text.matchAll(/create table if not exists \w+ \(([^;]*)\);/g)) {
      for (const [, column = ''] of body.matchAll(/^ *(\w+) /gm)) words.add(column)
    }
  }
  for (const none of ['', 'primary']) words.delete(none)
  return { words, paths }
}

/** A renaming that was made up from a seed. */
export class Renaming {
  readonly #names: Names
  readonly #renamed: ReadonlyMap<string, string>

  constructor(sources: Sources, seed: number) {
    this.#names = namesOf(sources)
    const random = randomFrom(seed)
    const taken = new Set([...sources.values()].flatMap(text => text.match(/\w+/g) ?? []))
    const renamed = new Map<string, string>()
    for (const name of [...this.#names.words, ...this.#names.paths].sort()) {
      if (renamed.has(name)) continue
      let word = inventWord(random)
      while (taken.has(word)) word = inventWord(random)
      taken.add(word)
      renamed.set(name, word)
    }
    this.#renamed = renamed
  }

  /** A text, e.g. a source, a route or a path, under its new names. */
  apply(text: string): string {
    const { words, paths } = this.#names
    return text
      .replace(/\w+/g, word => (words.has(word) ? this.#new(word) : word))
      .replace(/(?<=[/'])\w[\w-]*(?=\.[jt]s\b)/g, stem =>
        paths.has(stem) ? this.#new(stem) : stem,
      )
      .replace(/(?<=[/'])\w[\w-]*(?=\/[\w.])/g, part => (paths.has(part) ? this.#new(part) : part))
  }

  /** Old names that are left in `sources`, and where; empty when the renaming is total. */
  leftIn(sources: Sources): string[] {
    const { words, paths } = this.#names
    return [...sources].flatMap(([file, text]) => [
      ...(text.match(/\w+/g) ?? []).filter(word => words.has(word)).map(word => `${file}: ${word}`),
      ...[...namesOf(new Map([[file, '']])).paths].filter(part => paths.has(part)),
    ])
  }

  #new(name: string): string {
    return this.#renamed.get(name) ?? name
  }
}

/** Writes the renamed shop below `target`, builds it, and returns its folder. */
export function writeRenamed(
  repository: string,
  target: string,
  sources: Sources,
  renaming: Renaming,
): string {
  const shop = join(repository, 'examples', 'coffee-shop')
  const folder = join(target, 'app', 'shop')
  mkdirSync(folder, { recursive: true })
  symlinkSync(join(repository, 'node_modules'), join(target, 'node_modules'), 'dir')
  cpSync(join(repository, 'tsconfig.base.json'), join(target, 'tsconfig.base.json'))
  for (const file of ['package.json', 'tsconfig.json']) cpSync(join(shop, file), join(folder, file))
  for (const [file, text] of sources) {
    const path = join(folder, renaming.apply(file))
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, renaming.apply(text))
  }
  const typescript = createRequire(import.meta.url).resolve('typescript/package.json')
  const tsc = join(dirname(typescript), 'bin', 'tsc')
  execFileSync(process.execPath, [tsc, '-p', folder], { stdio: 'inherit' })
  return folder
}

/** A word of four syllables, as a person could have chosen it. */
function inventWord(random: () => number): string {
  const one = (letters: string): string => letters[Math.floor(random() * letters.length)] ?? ''
  return Array.from({ length: 4 }, () => one('bdfgklmnprstvz') + one('aeiou')).join('')
}

/** Numbers in [0, 1) from a seed (mulberry32: a 32-bit state is plenty for names). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

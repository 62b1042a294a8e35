import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './places.js'

/** Both packages as npm would publish them, in a temporary folder. */
export interface Tarballs {
  readonly folder: string
  readonly hotpath: string
  readonly console: string
  remove(): void
}

/** Packs both packages with `npm pack`, from what is built. */
export function packBoth(): Tarballs {
  const folder = mkdtempSync(join(tmpdir(), 'hotpath-pack-'))
  const pack = (workspace: string): string => {
    const args = ['pack', '--json', '--workspace', workspace, '--pack-destination', folder]
    const out = execFileSync('npm', args, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return join(folder, fileNameOf(out))
  }
  return {
    folder,
    hotpath: pack('hotpath'),
    console: pack('@hotpath/console'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** npm says the file's name in JSON: a list up to npm 11, an object by package name after it. */
function fileNameOf(json: string): string {
  const [first] = Object.values(JSON.parse(json) as Record<string, { filename: string }>)
  if (first === undefined) throw new Error(`npm pack named no file: ${json}`)
  return first.filename
}

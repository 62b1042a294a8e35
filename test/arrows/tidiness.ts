import { homedir } from 'node:os'
import { basename, dirname } from 'node:path'
import { root } from '../places.js'

/** A source of more lines holds two ideas. */
export const maxLines = 400

const vagueFolder = /(?:^|\/)(?:utils?|helpers?|common|misc|managers?)\//

/** Hosts and paths that hold on one machine only. Put together, so that this file names none. */
function machineNames(): string[] {
  const registry = ['npmjs.org', 'yarnpkg.com', 'npmmirror.com'].map(host => `registry.${host}`)
  const home = homedir() === '/root' ? [] : [homedir()]
  const above = dirname(root) === '/' ? [] : [`${dirname(root)}/`]
  return [...registry, ...home, ...above, `${root}/`]
}

/** What is untidy about one file, one sentence each. */
export function untidy(path: string, text: string, machine = machineNames()): string[] {
  const found = machine
    .filter(name => text.includes(name))
    .map(name => `${path}: names ${name}, which holds on one machine only`)
  if (vagueFolder.test(path))
    found.push(`${path}: the folder is named after a kind, not after work`)
  const lines = text.split('\n').length - 1
  if (isSource(path) && lines > maxLines) found.push(`${path}: ${lines} lines, over ${maxLines}`)
  if (basename(path) === 'package-lock.json' && text.includes('"resolved": "http')) {
    found.push(`${path}: says which registry a package came from`)
  }
  return found
}

const isSource = (path: string): boolean => /\.(?:[cm]?[jt]s|tsx)$/.test(path)

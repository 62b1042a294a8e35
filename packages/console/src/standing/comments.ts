import { readFileSync, realpathSync, statSync } from 'node:fs'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import type { CallSite, FindingKind } from '../model.js'

/** A larger file is generated. */
const mostBytes = 2_000_000

/**
 * The reason of `// hotpath-ignore n-plus-one: reason` on the line of a call or the one above it; undefined
 * without one. The place comes from telemetry: a file is read only where it lies inside of the app's root,
 * links followed, and nothing of it leaves but the reason.
 */
export function commentAt(root: string, where: CallSite, kind: FindingKind): string | undefined {
  try {
    const home = realpathSync(root)
    const path = realpathSync(resolve(home, where.file))
    const inside = relative(home, path)
    // Of another drive it is absolute.
    if (inside.startsWith('..') || isAbsolute(inside)) return undefined
    if (inside.split(sep).includes('node_modules') || !/\.[cm]?[jt]sx?$/.test(path))
      return undefined
    const found = statSync(path)
    // To read a pipe would wait for who writes into it.
    if (!found.isFile() || found.size > mostBytes) return undefined
    const lines = readFileSync(path, 'utf8').split('\n')
    return [lines[where.line - 1], lines[where.line - 2]]
      .map(line => reasonIn(line ?? '', kind))
      .find(reason => reason !== undefined)
  } catch {
    // It is not on this machine: most often the console of production.
    return undefined
  }
}

function reasonIn(line: string, kind: FindingKind): string | undefined {
  const comment = /(?:\/\/|\/\*)\s*hotpath-ignore\s+([a-z-]+)\s*:\s*(.+?)\s*(?:\*\/.*)?$/.exec(line)
  return comment?.[1] === kind ? comment[2]?.slice(0, 200) : undefined
}

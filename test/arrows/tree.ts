import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../places.js'
import type { Source } from './imports.js'

/**
 * The files of the project: those that git tracks, and those that it would. `git` is asked, so that
 * what is built or installed is left out by the one list that says so, `.gitignore`.
 */
export function projectFiles(): string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z']
  const out = execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 16 << 20 })
  return out.split('\0').filter(path => path !== '' && existsSync(join(root, path)))
}

/** The TypeScript sources below `folder`, with paths relative to it. */
export function sourcesOf(folder: string): Source[] {
  return projectFiles()
    .filter(path => path.startsWith(`${folder}/`) && /\.tsx?$/.test(path))
    .map(path => ({ path: path.slice(folder.length + 1), text: read(path) }))
}

export const read = (path: string): string => readFileSync(join(root, path), 'utf8')

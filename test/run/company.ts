import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cache, fixtures } from '../places.js'

/**
 * Sets of packages that are fetched on first use and not with `npm ci`, each with an Express, a
 * Fastify, a pg and a Knex of its own: `company` is the other tracers of today (320 MB), `yesterday`
 * OpenTelemetry's SDK of 2025, which sends the conventions of before (150 MB).
 */
export type Installed = 'company' | 'yesterday'

/** The folder of `company`. */
export function companyFolder(): string {
  return installed('company')
}

/** The folder in which a set is installed, exactly as its lock file says. */
export function installed(name: Installed): string {
  const from = join(fixtures, name)
  const folder = join(cache, name)
  const lock = readFileSync(join(from, 'package-lock.json'))
  const done = join(folder, 'node_modules', '.package-lock.json')
  const copied = join(folder, 'package-lock.json')
  if (existsSync(done) && existsSync(copied) && readFileSync(copied).equals(lock)) return folder
  mkdirSync(folder, { recursive: true })
  for (const file of ['package.json', 'package-lock.json']) {
    copyFileSync(join(from, file), join(folder, file))
  }
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  })
  return folder
}

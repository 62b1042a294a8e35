import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cache, fixtures } from '../places.js'

/**
 * The folder in which OpenTelemetry, dd-trace and Sentry are installed, with an Express, a Fastify
 * and a pg of its own: 320 MB, so they are fetched on first use and not with `npm ci`.
 */
export function companyFolder(): string {
  return fetched('company')
}

/** The folder in which ORMs are installed, with a pg of their own: 93 MB, fetched on first use. */
export function ormsFolder(): string {
  return fetched('orms')
}

function fetched(name: 'company' | 'orms'): string {
  const from = join(fixtures, name)
  const folder = join(cache, name)
  const lock = readFileSync(join(from, 'package-lock.json'))
  const done = join(folder, 'node_modules', '.package-lock.json')
  const copied = join(folder, 'package-lock.json')
  if (existsSync(done) && existsSync(copied) && readFileSync(copied).equals(lock)) return folder
  mkdirSync(folder, { recursive: true })
  for (const name of ['package.json', 'package-lock.json']) {
    copyFileSync(join(from, name), join(folder, name))
  }
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  })
  return folder
}

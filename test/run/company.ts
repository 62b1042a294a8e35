import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cache, fixtures } from '../places.js'
import { once } from './once.js'

/**
 * Sets of packages that are fetched on first use and not with `npm ci`, each with an Express, a
 * Fastify, a pg and a Knex of its own: `company` is the other tracers of today (320 MB), `yesterday`
 * OpenTelemetry's SDK of 2025, which sends the conventions of before (150 MB), `runners` jest and vitest (95 MB),
 * `stacks` the servers, ORMs, brokers and clients that the recorder is tried on (200 MB).
 */
export type Installed =
  | 'company'
  | 'yesterday'
  | 'orms'
  | 'prisma'
  | 'runners'
  | 'stacks'
  | RealApplication

/** Applications from npm that nobody here wrote: 180, 250 and 690 MB. */
export type RealApplication = 'unleash' | 'parse' | 'directus'

/** The folder of `company`. */
export function companyFolder(): string {
  return installed('company')
}

/** The folder in which ORMs are installed, with a pg of their own: 93 MB, fetched on first use. */
export function ormsFolder(): string {
  return installed('orms')
}

/**
 * The same for Prisma, 300 MB, with its client generated. The schema engine, which npm does not have,
 * is not used by `generate`: any program may stand in its place.
 */
export function prismaFolder(): string {
  const folder = installed('prisma')
  once(
    folder,
    () => existsSync(join(folder, 'generated')),
    () => generatePrisma(folder),
  )
  return folder
}

function generatePrisma(folder: string): void {
  for (const name of ['schema.prisma', 'prisma.config.mjs']) {
    copyFileSync(join(fixtures, 'prisma', name), join(folder, name))
  }
  execFileSync(
    process.execPath,
    [join('node_modules', 'prisma', 'build', 'index.js'), 'generate'],
    {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...process.env,
        PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
        PRISMA_ENGINES_CHECKSUM_IGNORE_MISSING: '1',
      },
    },
  )
}

/**
 * The same for an application. What Directus runs scripts in is compiled for this Node; of all others no
 * script is run.
 */
export function applicationFolder(name: RealApplication): string {
  const folder = installed(name)
  const isolate = join(folder, 'node_modules', 'isolated-vm')
  const isDone = (): boolean =>
    !existsSync(isolate) || existsSync(join(isolate, 'out', 'isolated_vm.node'))
  once(folder, isDone, () => npm(folder, 'rebuild', 'isolated-vm', '--foreground-scripts'))
  return folder
}

/** The folder in which a set is installed, exactly as its lock file says. */
export function installed(name: Installed): string {
  const from = join(fixtures, name)
  const folder = join(cache, name)
  const lock = readFileSync(join(from, 'package-lock.json'))
  const done = join(folder, 'node_modules', '.package-lock.json')
  const copied = join(folder, 'package-lock.json')
  const isDone = (): boolean =>
    existsSync(done) && existsSync(copied) && readFileSync(copied).equals(lock)
  once(folder, isDone, () => {
    mkdirSync(folder, { recursive: true })
    for (const file of ['package.json', 'package-lock.json']) {
      copyFileSync(join(from, file), join(folder, file))
    }
    npm(folder, 'ci', '--ignore-scripts', '--no-audit', '--no-fund')
  })
  return folder
}

function npm(cwd: string, ...words: readonly string[]): void {
  execFileSync('npm', words, {
    cwd,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  })
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'

/** The command line of Hotpath, as `npx hotpath` would run it. */
export const hotpathCommand = join(
  dirname(createRequire(import.meta.url).resolve('hotpath/package.json')),
  'bin',
  'hotpath.js',
)

/** What the console counts and finds may come a moment after the last answer. */
const COUNTED_WITHIN_MS = 20_000
const LOOK_EVERY_MS = 500
/** Looks without a change: 1.5 s, while the recorder sends once a second. */
const SAME_LOOKS = 3

/** Runs one command of Hotpath on this terminal; throws when it ends with another code than 0. */
export async function runHotpath(args: readonly string[]): Promise<void> {
  // What it suggests is typed in another terminal, where only npx finds it.
  const env = { ...process.env, npm_command: 'exec' }
  const child = spawn(process.execPath, [hotpathCommand, ...args], { stdio: 'inherit', env })
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  if (code === 0) return
  throw new Error(`hotpath ${args.join(' ')} ended with ${signal ?? `code ${code}`}`)
}

/** The same in this folder, with what it prints as JSON given back. */
export async function askHotpath<Answer>(args: readonly string[], folder: string): Promise<Answer> {
  const child = spawn(process.execPath, [hotpathCommand, ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: folder,
  })
  const ended = once(child, 'close')
  const [printed, [code]] = await Promise.all([text(child.stdout), ended])
  if (code !== 0) throw new Error(`hotpath ${args[0]} ended with code ${code}`)
  return JSON.parse(printed) as Answer
}

/**
 * Resolves once the console has counted all `requests` of the shop, and what it found has not
 * changed for a while: traces come apart from the counts. False when that takes too long; the
 * findings are then of what has arrived.
 */
export async function waitForFindings(consoleUrl: string, requests: number): Promise<boolean> {
  const deadline = performance.now() + COUNTED_WITHIN_MS
  let before = ''
  let same = 0
  while (performance.now() < deadline) {
    await delay(LOOK_EVERY_MS)
    if ((await countedRequests(consoleUrl)) < requests) continue
    const now = await foundIds(consoleUrl)
    // The shop is never without a finding: none means that no trace has come yet.
    same = now === before && now !== '' ? same + 1 : 0
    if (same === SAME_LOOKS) return true
    before = now
  }
  return false
}

async function countedRequests(consoleUrl: string): Promise<number> {
  const { routes } = await ask<{ routes: { service: string; count: number }[] }>(
    `${consoleUrl}/api/routes`,
  )
  return routes
    .filter(({ service }) => service === 'coffee-shop')
    .reduce((sum, { count }) => sum + count, 0)
}

async function foundIds(consoleUrl: string): Promise<string> {
  const { findings } = await ask<{ findings: { id: string }[] }>(`${consoleUrl}/api/findings`)
  return findings
    .map(({ id }) => id)
    .sort()
    .join()
}

/** What the median request would take without the first finding of this kind; null where nothing is predicted. */
export async function predictedP50(consoleUrl: string, kind: string): Promise<number | null> {
  const { findings } = await ask<{ findings: PredictedFinding[] }>(`${consoleUrl}/api/findings`)
  return findings.find(one => one.kind === kind)?.gain?.predicted?.after.p50Ms ?? null
}

interface PredictedFinding {
  readonly kind: string
  readonly gain?: {
    readonly predicted: { readonly after: { readonly p50Ms: number | null } } | null
  }
}

async function ask<T>(url: string): Promise<T> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
  return (await response.json()) as T
}

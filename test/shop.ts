import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { FindingsAnswer } from '../packages/console/dist/api/answers.js'

export const repository = fileURLToPath(new URL('../../', import.meta.url))
export const shopFolder = join(repository, 'examples', 'coffee-shop')

/** A sin of the shop that has to be found, by the text of its statement. */
export interface Sin {
  readonly kind: string
  readonly route: string
  readonly file: string
  readonly statement: string
}

export const sins = {
  loop: {
    kind: 'n-plus-one',
    route: 'GET /users',
    file: 'src/routes/users.ts',
    statement: 'from addresses where user_id = $1',
  },
  repetition: {
    kind: 'repeated-statement',
    route: 'GET /receipts/:id',
    file: 'src/routes/receipts.ts',
    statement: 'from tax_rates where region = $1',
  },
  slow: {
    kind: 'missing-index',
    route: 'GET /subscribers/lookup',
    file: 'src/routes/subscribers.ts',
    statement: 'from subscribers where email = $1',
  },
} satisfies Record<string, Sin>

/** The others, by what they are about and the file that does it. */
export const otherSins = [
  {
    kind: 'background-work',
    route: 'POST /orders',
    subject: /^POST 127\.0\.0\.1:\d+\/mails$/,
    file: 'src/mailer.ts',
  },
  {
    kind: 'connection-churn',
    route: 'GET /branches/:id/hours',
    subject: /^127\.0\.0\.1:\d+\/postgres$/,
    file: 'src/routes/branches.ts',
  },
  {
    kind: 'slow-call',
    route: 'GET /beans/:id/stock',
    subject: /^GET 127\.0\.0\.1:\d+\/roasts\/:id$/,
    file: 'src/routes/beans.ts',
  },
  {
    kind: 'unbounded-list',
    route: 'GET /reviews',
    subject: /^select .* from reviews order by written_at desc$/,
    file: 'src/routes/reviews.ts',
  },
  {
    kind: 'blocked-event-loop',
    route: 'POST /sessions',
    subject: /^the event loop$/,
    file: 'src/routes/sessions.ts',
  },
  {
    kind: 'sequential-statements',
    route: 'GET /reports/sales',
    subject: /^select product_id, .* from order_lines /,
    file: 'src/routes/reports.ts',
  },
  {
    kind: 'over-fetch',
    route: 'GET /users/:id/profile',
    subject: /^the answer$/,
    file: 'src/routes/users.ts',
  },
  {
    kind: 'cacheable',
    route: 'GET /menu',
    subject: /^the answer$/,
    file: 'src/routes/menu.ts',
  },
] as const

/** Where the shop in `folder` hands the statement to pg: the line that a finding has to name. */
export function callLine(folder: string, sin: Sin): number {
  const lines = readFileSync(join(folder, sin.file), 'utf8').split('\n')
  const statement = lines.findIndex(line => line.includes(sin.statement))
  const call = lines.slice(0, statement + 1).findLastIndex(line => line.includes('pool.query'))
  return call + 1
}

/** The routes on which a finding would be a false alarm, from the load's own list. */
export async function cleanRoutes(profileFile: string): Promise<string[]> {
  const { loadProfile } = (await import(pathToFileURL(profileFile).href)) as {
    loadProfile: readonly { method: string; route: string; clean: boolean }[]
  }
  return loadProfile.filter(({ clean }) => clean).map(({ method, route }) => `${method} ${route}`)
}

/** Runs the demo as `npm start -- --once --json` does after its build, with a short load. */
export const runDemo = (program: string): Promise<FindingsAnswer> =>
  runOnce<FindingsAnswer>(program, '--requests', '400')

/** Runs the demo with `--once --json` and more; what it prints. */
export async function runOnce<Printed>(program: string, ...args: string[]): Promise<Printed> {
  const { DATABASE_URL: _, ...env } = process.env
  const demo = spawn(process.execPath, [program, '--once', '--json', ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(demo, 'close')
  const [printed, said] = await Promise.all([text(demo.stdout), text(demo.stderr)])
  const [code] = (await ended) as [number | null]
  if (code !== 0) throw new Error(`the demo ended with code ${code}:\n${said}`)
  return JSON.parse(printed) as Printed
}

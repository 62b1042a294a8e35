import { parseArgs } from 'node:util'

export const usage = `Usage: npm start -- [options]

Starts the coffee shop on a database of its own, attaches Hotpath, drives load,
prints what it found, and leaves all of it running until Ctrl-C.

  --once          end after the findings
  --json          print the findings as JSON; everything else goes to stderr
  --with FIX      before and after a fix, by config alone: batch (the users page),
                  cache (the menu), index (the look-up by e-mail) or limits (the menu in a
                  storm)
  --requests N    how much load: about N requests (default 1200)
  --help          this text

DATABASE_URL      use this PostgreSQL; the shop keeps to a schema "coffee_shop" in it
`

const fixes = ['batch', 'cache', 'index', 'limits'] as const
type Fix = (typeof fixes)[number]

const isFix = (name: string | undefined): name is Fix | undefined =>
  name === undefined || (fixes as readonly string[]).includes(name)

export interface Options {
  readonly once: boolean
  readonly json: boolean
  readonly help: boolean
  readonly requests: number
  /** Show what this fix does, instead of looking for what is slow. */
  readonly fix: Fix | undefined
}

/** Reads the command line; throws an error for people when something in it makes no sense. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      once: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      requests: { type: 'string', default: '1200' },
      with: { type: 'string' },
    },
  })
  const requests = Number(values.requests)
  if (!Number.isInteger(requests) || requests < 1 || requests > 1_000_000) {
    throw new Error(`--requests takes a number from 1 to 1000000, got ${values.requests}`)
  }
  const { once, json, help, with: fix } = values
  if (!isFix(fix)) {
    throw new Error(`--with takes the name of a fix: ${fixes.join(', ')}; got ${fix}`)
  }
  return { once, json, help, requests, fix }
}

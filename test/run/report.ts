import { inspect } from 'node:util'
import type { run } from 'node:test'

/** What a run came to. A suite is no test of its own; skipped tests carry their reason. */
export interface Totals {
  passed: number
  failed: number
  skipped: number
}

type Events = ReturnType<typeof run>

/**
 * Prints one line for each file as it ends and every failure whole, with what its file wrote.
 * A skip without a reason is a failure, and in CI any skip is: nobody reads there what was left out.
 */
export async function report(events: Events, where: string): Promise<Totals> {
  const totals: Totals = { passed: 0, failed: 0, skipped: 0 }
  const written = new Map<string, string[]>()
  const running = new Set<string>()
  for await (const event of events) {
    if (event.type === 'test:dequeue') running.add(event.data.name)
    else if (event.type === 'test:stdout' || event.type === 'test:stderr') {
      keep(written, event.data.file ?? '', event.data.message)
    } else if (event.type === 'test:pass' || event.type === 'test:fail') {
      const { data } = event
      running.delete(data.name)
      if (data.details.type === 'suite' && !isSkipped(data) && !failedItself(data)) continue
      const refused =
        data.todo === undefined ? refusedSkip(data.skip) : 'a test that is to be written'
      if (event.type === 'test:fail' || refused !== undefined) {
        totals.failed++
        printFailure(where, data, refused, written.get(data.file ?? '') ?? [])
        if (isOutOfTime(data)) print(indent(`not ended: ${[...running].join(' > ')}`))
      } else if (data.skip !== undefined) {
        totals.skipped++
        print(`  skipped  ${data.name}: ${String(data.skip)}`)
      } else if (!isFile(data)) totals.passed++
    }
  }
  if (totals.passed + totals.failed + totals.skipped === 0) {
    totals.failed++
    print(`\n  FAILED  ${where}  no test ran in this file`)
  }
  return totals
}

interface Result {
  readonly name: string
  readonly file?: string | undefined
  readonly details: { readonly error?: Error; readonly type?: string | undefined }
  readonly skip?: string | boolean | undefined
  readonly todo?: string | boolean | undefined
}

/** Adds up what two runs came to. */
export function sum(a: Totals, b: Totals): Totals {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  }
}

/** `12 passed, 0 failed`, and `, 1 skipped` when there is one. */
export function totalsLine(totals: Totals): string {
  const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : ''
  return `${totals.passed} passed, ${totals.failed} failed${skipped}`
}

/** A file in which no test is made passes as one itself. */
const isFile = ({ name, file }: Result): boolean => name === file

/** A suite that is skipped is told of as one: its tests are not told of at all. */
const isSkipped = ({ skip }: Result): boolean => skip !== undefined && skip !== false

/** A suite fails with its tests, which are counted already, or by itself, in its hooks. */
function failedItself(result: Result): boolean {
  const cause = (result.details.error as { failureType?: string } | undefined)?.failureType
  return cause !== undefined && cause !== 'subtestsFailed'
}

/** Then the file was killed, and what hung in it has no result of its own. */
function isOutOfTime(result: Result): boolean {
  const cause = (result.details.error as { failureType?: string } | undefined)?.failureType
  return cause === 'testTimeoutFailure'
}

function refusedSkip(skip: string | boolean | undefined): string | undefined {
  if (skip === undefined || skip === false) return undefined
  if (skip === true || skip === '') return 'skipped without a reason'
  return process.env['CI'] === 'true' ? `skipped in CI: ${skip}` : undefined
}

/** The last 200 pieces of a file's output: enough to see why, bounded for a test that floods. */
function keep(written: Map<string, string[]>, file: string, message: string): void {
  const pieces = written.get(file) ?? []
  pieces.push(message)
  if (pieces.length > 200) pieces.shift()
  written.set(file, pieces)
}

function printFailure(
  where: string,
  result: Result,
  refused: string | undefined,
  output: string[],
): void {
  print(`\n  FAILED  ${where}  ${result.file ?? ''}\n          ${result.name}`)
  const error: unknown = result.details.error?.cause ?? result.details.error
  print(indent(refused ?? inspect(error, { depth: 6 })))
  if (output.length > 0) print(indent(`--- written by the file so far ---\n${output.join('')}`))
}

const indent = (text: string): string => text.replaceAll(/^/gm, '    ')

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

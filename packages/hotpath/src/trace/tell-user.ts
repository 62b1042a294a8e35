import { type ErrorCode, problem } from '../errors.js'

/** One line on the app's stderr: what does not work, and what to do. Call it once for each cause. */
export function tellUser(code: ErrorCode, details: Readonly<Record<string, string>>): void {
  process.stderr.write(`hotpath: ${problem(code, details).message}\n`)
}

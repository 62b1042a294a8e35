import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { root } from '@hotpath/test/places'

const file = join(root, 'bench', 'RESULTS.md')

const preface = `# Results

Appended by \`npm run bench NAME\`, the newest last. Ratios hold, absolute figures depend on the machine; docs/measuring.md says how to read them.
`

/** Appends a benchmark's results to RESULTS.md, with date, versions and machine, and no name of either. */
export function record(name: string, versions: string, seed: number, results: string): void {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : preface
  const time = new Date().toISOString().slice(0, 16).replace('T', ' ')
  const head = `${versions}; ${machine()}; seed ${seed}.`
  writeFileSync(
    file,
    `${text.trimEnd()}\n\n## ${name}, ${time} UTC\n\n${head}\n\n${results.trim()}\n`,
  )
}

function machine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor'
  const memory = `${Math.round(totalmem() / 2 ** 30)} GB`
  return `${cpus().length} × ${model}, ${memory}, ${process.platform} ${release()}`
}

/** Progress goes to stderr: stdout is the result. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

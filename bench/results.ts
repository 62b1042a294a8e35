import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { root } from '@hotpath/test/places'

const file = join(root, 'bench', 'RESULTS.md')

const preface = `# Results

Written by \`npm run bench NAME\`, the latest run of each. Ratios hold, absolute figures depend on the machine; docs/measuring.md says how to read them.
`

/** Puts a benchmark's results, with date and machine, in place of its last ones in RESULTS.md. */
export function record(name: string, results: string): void {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : preface
  const others = text.split(/^(?=## )/m).filter(section => !section.startsWith(`## ${name}\n`))
  const section = `## ${name}\n\n${new Date().toISOString().slice(0, 10)}; ${machine()}; ${results}`
  writeFileSync(file, `${[...others, section].map(part => part.trim()).join('\n\n')}\n`)
}

function machine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor'
  return `${cpus().length} × ${model}, ${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform}`
}

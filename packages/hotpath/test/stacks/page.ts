import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { table } from './registry.js'

const page = fileURLToPath(new URL('../../../../docs/coverage.md', import.meta.url))
const [BEGIN, END] = ['<!-- made of test/stacks/registry.ts -->', '<!-- end -->']

/** docs/coverage.md as it is, and as it would be with the registry's table in it. */
export function coveragePage(): { readonly is: string; readonly shouldBe: string } {
  const is = readFileSync(page, 'utf8')
  const [begin, end] = [is.indexOf(BEGIN), is.indexOf(END)]
  if (begin < 0 || end < begin) throw new Error(`docs/coverage.md has no ${BEGIN} ... ${END}`)
  const before = is.slice(0, begin + BEGIN.length)
  return { is, shouldBe: `${before}\n\n${table()}\n\n${is.slice(end)}` }
}

/** `node packages/hotpath/dist-test/stacks/page.js` writes it. */
if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(page, coveragePage().shouldBe)

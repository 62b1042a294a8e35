import { lastLine, table, withInterval } from '../measure/line.js'
import { record, say } from '../results.js'
import { meanOf } from '../statistics/interval.js'
import { seeded } from '../statistics/shuffle.js'
import { type Looks, measureLooks } from './looks.js'

const what: Readonly<Record<keyof Looks, string>> = {
  loop: 'the loop alone',
  loopAgain: 'A/A: the loop again',
  returned: 'end of a statement: bytes, columns, whether it wrote',
  passed: 'end of an answer, not its turn',
  unfollowed: 'end of an answer, its address not followed',
  compared: 'an answer of 1 kB compared (every 20 ms at most)',
  comparedLarge: 'an answer of 100 kB compared',
  judged: 'two rows looked for in an answer of 10 kB',
}

/** `npm run bench answers`: what the recorder adds for the detectors of answers and results. */
export async function answers(quick: boolean): Promise<void> {
  const seed = Date.now() % 2 ** 31
  say('looks into answers')
  const looks = await measureLooks(quick ? 6 : 30, quick ? 100_000 : 500_000, seeded(seed))
  const names = Object.keys(what) as (keyof Looks)[]
  const rows = names.map(name => [what[name], withInterval(meanOf(looks[name]), 0, ' ns')])
  const figures = (['returned', 'passed', 'unfollowed', 'compared', 'judged'] as const).map(
    name => ({ name: `${name}_ns`, estimate: meanOf(looks[name]), digits: 0 }),
  )
  const text = `${table(['what', 'each'], rows)}\n\n${lastLine('answers', figures)}`
  if (!quick) record('answers', `Node ${process.version}`, seed, text)
  process.stdout.write(`seed ${seed}\n\n${text}\n`)
}

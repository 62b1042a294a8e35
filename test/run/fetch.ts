import { type Installed, installed, prismaFolder } from './company.js'
import { nodeOf } from './node.js'

/**
 * Fetches what tests take from npm, in the order in which they come to it: a program beside the first
 * tests, since most of it is waiting. A test that wants a set before it is here fetches it itself, or waits
 * (`once`). What cannot be had is said by the test that needs it.
 */
const sets: readonly Installed[] = ['company', 'stacks', 'orms', 'yesterday', 'runners', 'parse']

for (const get of [() => nodeOf(24), ...sets.map(name => () => installed(name)), prismaFolder]) {
  try {
    get()
  } catch {
    process.exitCode = 1
  }
}

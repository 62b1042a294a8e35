import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fixtures } from '../places.js'
import { TestConsole } from '../processes/console.js'
import { type Ended, Program, register } from '../processes/program.js'

const cwd = join(fixtures, 'children')

/** Programs with more than one process or thread, in each of which ten requests are answered. */
const programs: readonly (readonly [title: string, command: string, args: readonly string[]])[] = [
  ['a cluster of two workers', process.execPath, ['cluster.cjs']],
  ['a forked child that is the API', process.execPath, ['fork.cjs']],
  ['a worker thread that is the API', process.execPath, ['worker.mjs']],
  ['an npm script', 'npm', ['run', '--silent', 'start']],
]

describe('what an app starts is attached as well, and works as without', () => {
  for (const [title, command, args] of programs) {
    test(title, async () => {
      await using console = await TestConsole.start()
      const bare = await end(command, args, {})
      const attached = await end(command, args, {
        ...console.env,
        NODE_OPTIONS: `--import=${register}`,
      })
      assert.deepEqual(attached, bare)
      const { routes } = await console.ask('routes', 'since=1h')
      assert.deepEqual(
        routes.map(({ route, count }) => ({ route, count })),
        [{ route: 'GET /work', count: 10 }],
      )
    })
  }

  test('the exit code of an npm script', async () => {
    const { code } = await end('npm', ['run', '--silent', 'fails'], {
      NODE_OPTIONS: `--import=${register}`,
    })
    assert.equal(code, 7)
  })
})

async function end(
  command: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<Ended> {
  const program = new Program(command, args, { cwd, env })
  return await program.ended
}

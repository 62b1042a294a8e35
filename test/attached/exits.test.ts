import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fixtures } from '../places.js'
import { TestConsole } from '../processes/console.js'
import { type Ended, hotpathBin, Program, register } from '../processes/program.js'

/** How the program ends, and the signal that it is sent once it is ready. */
const ways: readonly (readonly [way: string, signal?: NodeJS.Signals])[] = [
  ['natural end'],
  ['exit code of its own'],
  ['process.exit(3)'],
  ['uncaught throw'],
  ['unhandled rejection'],
  ['handler of uncaught errors'],
  ['waits for a signal', 'SIGTERM'],
  ['waits for a signal', 'SIGINT'],
  ['handles SIGTERM', 'SIGTERM'],
  ['exit inside a request'],
  ['throw inside a request'],
]

describe('an app ends with Hotpath as it ends without', () => {
  let console: TestConsole
  before(async () => void (console = await TestConsole.start()))
  after(() => console[Symbol.asyncDispose]())

  for (const [way, signal] of ways) {
    const title = signal === undefined ? way : `${way}: ${signal}`
    test(title, async () => {
      for (const program of ['program.cjs', 'program.mjs']) {
        const file = join(fixtures, 'exits', program)
        const [bare, attached, alone] = await Promise.all([
          end([file, way], {}, signal),
          end(['--import', register, file, way], console.env, signal),
          end(['--import', register, file, way], nobodyListens, signal),
        ])
        assert.deepEqual(withoutOurFrames(attached), bare)
        assert.deepEqual(withoutOurFrames(alone), bare)
      }
    })
  }

  test('and what it did was recorded: the requests that were answered, up to its end', async () => {
    const { routes } = await console.ask('routes', 'since=1h')
    const counted = routes.filter(row => row.route === 'GET /').reduce((n, row) => n + row.count, 0)
    // Two spellings of each way; killed by a signal it did not handle, a process cannot send more.
    const ended = ways.filter(([way]) => way !== 'waits for a signal').length * 2
    assert.ok(counted >= ended, `${counted} of ${ended} requests arrived`)
  })
})

describe('through `hotpath dev`', () => {
  for (const [way, signal] of ways) {
    const title = signal === undefined ? way : `${way}: ${signal}`
    test(title, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'hotpath-dev-'))
      try {
        const file = join(fixtures, 'exits', 'program.cjs')
        const dev = [hotpathBin, 'dev', '--port', '0', '--store', join(folder, 'store'), '--']
        const [bare, through] = await Promise.all([
          end([file, way], {}, signal),
          end([...dev, 'node', file, way], {}, signal),
        ])
        assert.deepEqual(
          [through.code, through.signal, through.stdout],
          [bare.code, bare.signal, bare.stdout],
        )
        const told = withoutOurFrames(through).stderr.replaceAll(/^hotpath: .*\n/gm, '')
        assert.equal(told, bare.stderr)
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    })
  }
})

/** Port 9 of this host: nobody listens, each connection is refused at once. */
const nobodyListens = { HOTPATH_ENDPOINT: 'http://127.0.0.1:9', HOTPATH_MODE: 'dev' }

async function end(
  args: string[],
  env: Record<string, string>,
  signal: NodeJS.Signals | undefined,
): Promise<Ended> {
  await using program = Program.node(args, { env })
  if (signal !== undefined) {
    await program.line(/ready\n/)
    program.kill(signal)
  }
  return await program.ended
}

/**
 * A stack trace names our gate when it leads through it, and Node's frames of the async context that
 * the gate opens: the one thing that differs.
 */
function withoutOurFrames(ended: Ended): Ended {
  const frames =
    /^ +at .*(?:\/hotpath\/dist\/|node:(?:internal\/)?async_(?:hooks|local_storage)\b).*\n/gm
  return { ...ended, stderr: ended.stderr.replaceAll(frames, '') }
}

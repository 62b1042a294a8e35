import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Collector } from './collector.js'
import { bothWays, type Program, withoutFrames } from './differential.js'

/** Nothing listens there: privileged, and never assigned. */
const NOBODY = 'http://127.0.0.1:1'

interface Case {
  readonly ending: string
  readonly signal?: NodeJS.Signals
  readonly code: number | null
}

const cases: readonly Case[] = [
  { ending: 'natural', code: 0 },
  { ending: 'process.exit', code: 7 },
  { ending: 'exit code', code: 3 },
  { ending: 'throws', code: 1 },
  { ending: 'rejects', code: 1 },
  { ending: 'exit listener', code: 5 },
  { ending: 'ten exit listeners', code: 0 },
  { ending: 'handled', signal: 'SIGTERM', code: 0 },
]

const killed: readonly Case[] = [
  { ending: 'signal', signal: 'SIGTERM', code: null },
  { ending: 'signal', signal: 'SIGINT', code: null },
]

function program({ ending, signal }: Case, endpoint: string): Program {
  return {
    file: 'endings.cjs',
    args: [ending],
    env: { HOTPATH_ENDPOINT: endpoint, HOTPATH_EXIT_MS: '10000' },
    ...(signal === undefined ? {} : { signal }),
  }
}

describe('the app ends with the recorder as without: same code, signal and output', () => {
  for (const one of [...cases, ...killed]) {
    test(`${one.ending} ${one.signal ?? ''}`, async () => {
      const { bare, attached } = await bothWays(program(one, NOBODY))
      assert.equal(attached.code, bare.code)
      assert.equal(attached.signal, bare.signal)
      assert.equal(attached.stdout, bare.stdout)
      assert.equal(withoutFrames(attached.stderr), withoutFrames(bare.stderr))
      assert.equal(bare.code, one.code)
    })
  }
})

describe('what is left is sent when the app ends by', () => {
  for (const one of cases) {
    test(one.ending, async () => {
      const collector = await Collector.start()
      await bothWays(program(one, collector.url))
      await collector.close()
      const requests = { 'http.route': '/hello', 'http.response.status_code': 200 }
      assert.equal(collector.counted('http.server.request.duration', requests), 3)
      assert.equal(collector.servers().length, 3)
      assert.deepEqual(
        collector.deliveries.map(delivery => delivery.sequence),
        [1],
      )
    })
  }
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ProcessesAnswer, ProcessRow } from '../../dist/api/answers.js'
import { drawProcesses } from '../../dist/cli/draw/processes.js'
import { bare, screenOf, toAscii } from '../../dist/cli/draw/screen.js'
import { width } from '../../dist/cli/draw/text.js'

const screen = { columns: 80, paint: bare, suggest: (command: string) => command }
const untilMs = 1_800_000_900_000
const drawn = (answer: ProcessesAnswer): string =>
  `\n${drawProcesses(answer, screen).join('\n').replaceAll('\u2009', ' ')}\n`

const process = (row: Partial<ProcessRow>): ProcessRow => ({
  service: 'coffee-shop',
  instance: '4bf92f3577b34da6a3ce929d0e0e4736',
  pid: 4711,
  host: 'web-1',
  runtime: 'Node 24.1.0',
  version: '1.4.2',
  firstMs: untilMs - 600_000,
  lastMs: untilMs - 1_000,
  gauges: {},
  ...row,
})

const answerOf = (...processes: ProcessRow[]): ProcessesAnswer => ({
  sinceMs: untilMs - 900_000,
  untilMs,
  service: null,
  services: [...new Set(processes.map(({ service }) => service))],
  newestMs: untilMs - 1_000,
  notes: [],
  stepMs: 15_000,
  startMs: untilMs - 900_000,
  processes,
})

const busy = process({
  gauges: {
    cpu: [0.2, 0.621],
    memory: [180e6, 212_400_000],
    loopDelayP99: [3, 12.4],
    loopUtilization: [0.1, 0.58],
    poolUsed: [2, 8],
    poolMax: [10, 10],
    poolPending: [0, null],
  },
})
const idle = process({ pid: 4712, gauges: { cpu: [0.01], heap: [31e6], poolUsed: [0] } })

describe('processes in the terminal', () => {
  test('the busiest first, with the last figure of each kind', () => {
    assert.equal(
      drawn(answerOf(idle, busy)),
      `
coffee-shop · 15 min · 2 processes
  The busiest is process 4711 of coffee-shop, with 62 % of one processor.

  PROCESS  HOST    CPU  MEMORY  LOOP P99  LOOP USE  POOL
  4711     web-1  62 %  212 MB     12 ms      58 %  8/10
  4712     web-1   1 %   31 MB         –         –     0
  – not said by its telemetry.

  hotpath findings     hotpath routes
`,
    )
  })

  test('say what holds requests up: the pool before the event loop before the processor', () => {
    const loop = process({ pid: 1, gauges: { cpu: [1.02], loopUtilization: [0.98] } })
    assert.match(
      drawn(answerOf(busy, loop)),
      /The event loop of process 1 of coffee-shop is busy 98 % of the time/,
    )
    const pool = process({ pid: 2, gauges: { poolUsed: [10], poolMax: [10], poolPending: [3] } })
    const text = drawn(answerOf(busy, loop, pool))
    assert.match(text, /In process 2 of coffee-shop 3 requests wait for a connection of the pool/)
    assert.match(text, / 10\/10 \+3\n/)
  })

  test('one that fell silent stands last, and holds nothing up', () => {
    const gone = process({ pid: 3, lastMs: untilMs - 200_000, gauges: { cpu: [2] } })
    const text = drawn(answerOf(gone, busy))
    assert.match(text, /The busiest is process 4711/)
    assert.match(text, /4711 .*\n.*3 .* 3 min\n/)
    assert.match(drawn(answerOf(gone)), /All of them are silent/)
  })

  test('of senders without a process id, and of nobody', () => {
    const foreign = process({ pid: null, service: 'tax', host: null })
    const text = drawn(answerOf(busy, foreign))
    assert.match(text, /PROCESS +SERVICE/)
    assert.match(text, /4bf92f35 +tax +–/)
    assert.match(drawn({ ...answerOf(), newestMs: null }), /Nothing was recorded yet/)
  })

  test('fit 80 columns, say the same without colour, and are as wide in ASCII', () => {
    const long = process({ service: 'a-service-with-a-rather-long-name'.repeat(2), pid: 4194304 })
    const hostile = process({
      service: '\u001b[2J',
      host: '\u009b31m',
      pid: null,
      instance: '\r\u001b[2J',
    })
    const answer = answerOf(long, hostile, { ...busy, lastMs: untilMs - 3_000_000 })
    const lines = drawProcesses(answer, screen)
    for (const line of lines) {
      assert.ok(width(line) <= 80, line)
      assert.equal(width(toAscii(line)), width(line))
      assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f]/)
    }
    const coloured = screenOf({ isTTY: true, columns: 80 }, { FORCE_COLOR: '1' })
    const painted = drawProcesses(answer, coloured)
    assert.ok(painted.some(line => line.includes('\u001b[')))
    assert.deepEqual(
      painted.map(line => line.replaceAll(/\u001b\[\d+m/g, '').trimEnd()),
      lines,
    )
  })
})

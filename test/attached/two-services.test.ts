import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fixtures } from '../places.js'
import { TestConsole } from '../processes/console.js'
import { Program, register } from '../processes/program.js'
import { until } from '../processes/until.js'

const foreign = {
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
}
const traceparent = `00-${foreign.traceId}-${foreign.spanId}-01`

describe('a request that goes through two services', () => {
  let console: TestConsole
  before(async () => void (console = await TestConsole.start()))
  after(() => console[Symbol.asyncDispose]())

  test('is one waterfall: the second service hangs below the call of the first', async () => {
    await using roastery = await start('roastery', console)
    await using shop = await start('shop', console, { UPSTREAM: roastery.url })
    assert.equal(await (await fetch(`${shop.url}/coffee`)).text(), '{"beans": 12}')
    const { traces } = await until(
      () => console.ask('traces', 'since=1h'),
      answer => answer.traces.some(trace => trace.services.length === 2),
      'a trace over both services',
    )
    assert.equal(traces.length, 1)
    const { rows, services, problems } = await console.trace(traces[0]?.traceId ?? '')
    assert.deepEqual([...services].sort(), ['roastery', 'shop'])
    assert.deepEqual(problems, [])
    assert.deepEqual(
      // On a busy machine a request's code may be seen to keep the event loop.
      rows
        .filter(({ name }) => name !== 'blocked: event loop')
        .map(({ service, depth, kind }) => ({ service, depth, kind })),
      [
        { service: 'shop', depth: 0, kind: 'server' },
        { service: 'shop', depth: 1, kind: 'client' },
        { service: 'roastery', depth: 2, kind: 'server' },
      ],
    )
  })

  test('a traceparent from this machine is continued', async () => {
    await using roastery = await start('trusting', console)
    await fetch(`${roastery.url}/trusted`, { headers: { traceparent } })
    const [trace] = await tracesOf(console, 'trusting')
    assert.equal(trace?.traceId, foreign.traceId)
  })

  const other = otherAddress()
  test('from an address that is not trusted it becomes a link: the trace is our own', async () => {
    await using roastery = await start('wary', console, { HOST: '0.0.0.0' })
    await fetch(roastery.url.replace('127.0.0.1', other), { headers: { traceparent } })
    const [trace] = await tracesOf(console, 'wary')
    assert.ok(trace)
    assert.notEqual(trace.traceId, foreign.traceId)
    const [span] = await console.spans(trace.traceId)
    assert.equal(span?.parentId, undefined)
    assert.deepEqual(span?.links, [foreign])
  })
})

async function tracesOf(console: TestConsole, service: string) {
  const { traces } = await until(
    () => console.ask('traces', `since=1h&service=${service}`),
    answer => answer.traces.length > 0,
    `a trace of ${service}`,
  )
  return traces
}

/** An address of this machine that is not loopback: to the server, a peer like any other. */
function otherAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap(list => list ?? [])
  const found = addresses.find(({ family, internal }) => family === 'IPv4' && !internal)
  if (found === undefined) throw new Error('this machine has no address but loopback')
  return found.address
}

interface Service extends AsyncDisposable {
  readonly url: string
}

async function start(
  name: string,
  console: TestConsole,
  env: Record<string, string> = {},
): Promise<Service> {
  const program = Program.node(['--import', register, join(fixtures, 'apps', 'service.cjs')], {
    env: { ...console.env, HOTPATH_SERVICE: name, ...env },
  })
  const [, port] = await program.line(/port (\d+)/)
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  }
}

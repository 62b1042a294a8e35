import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { RoutesAnswer } from '@hotpath/console'
import { fixtures } from '../places.js'
import { freePort } from '../postgres.js'
import { ask } from '../processes/console.js'
import { ConsoleProcess } from '../processes/console-process.js'
import { Program, register } from '../processes/program.js'
import { getAll } from '../processes/requests.js'
import { until } from '../processes/until.js'

describe('the total of `routes` equals the requests that were sent', () => {
  test('through 20 restarts of the console under load', () => countsThrough(20, 'SIGTERM'))

  test('through 5 times `kill -9` of the console under load: what it acknowledged is there', () =>
    countsThrough(5, 'SIGKILL'))
})

/** An app is loaded without a pause while the console, always on one store, comes and goes. */
async function countsThrough(restarts: number, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'hotpath-restarts-'))
  const store = join(folder, 'store.duckdb')
  const port = await freePort()
  await using app = await startApp(port)
  try {
    const load = new Load(app.url)
    let received = 0
    for (let restart = 0; restart < restarts; restart++) {
      await using console = await ConsoleProcess.start(port, store)
      // A new delivery of this console's own time arrived: the next end comes between two others.
      const last = received
      received = await until(
        () => total(console.url),
        n => n > last,
        `more than ${last} requests in the console`,
      )
      await console.end(signal)
    }
    const sent = await load.stop()
    await using console = await ConsoleProcess.start(port, store)
    const answer = await until(
      () => ask(console.url, 'routes', 'since=1h'),
      ({ routes }) => count(routes) >= sent,
      `${sent} requests in the console`,
    )
    assert.equal(count(answer.routes), sent)
    assert.deepEqual(answer.notes, [], 'nothing was dropped, no delivery is missing')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const total = async (url: string): Promise<number> =>
  count((await ask(url, 'routes', 'since=1h')).routes)

const count = (routes: RoutesAnswer['routes']): number =>
  routes.reduce((sum, row) => sum + row.count, 0)

interface App extends AsyncDisposable {
  readonly url: string
}

async function startApp(consolePort: number): Promise<App> {
  const program = Program.node(['--import', register, join(fixtures, 'apps', 'spans.cjs')], {
    env: { HOTPATH_ENDPOINT: `http://127.0.0.1:${consolePort}`, HOTPATH_MODE: 'dev' },
  })
  const [, port] = await program.line(/port (\d+)/)
  return {
    url: `http://127.0.0.1:${port}/work`,
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  }
}

/** Requests without a pause, ten at a time, 40 in a round; each must be answered. */
class Load {
  #stopped = false
  readonly #sent: Promise<number>

  constructor(url: string) {
    this.#sent = this.#run(url)
  }

  async #run(url: string): Promise<number> {
    let sent = 0
    while (!this.#stopped) {
      assert.deepEqual(
        await getAll(
          Array.from({ length: 40 }, () => url),
          10,
        ),
        { 200: 40 },
      )
      sent += 40
    }
    return sent
  }

  /** Ends the load, and says how many requests were answered. */
  stop(): Promise<number> {
    this.#stopped = true
    return this.#sent
  }
}

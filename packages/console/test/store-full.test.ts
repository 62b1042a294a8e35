import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StatusAnswer } from '../dist/api/status.js'
import { Intake } from '../dist/intake/intake.js'
import { openStore } from '../dist/store/open.js'
import { attributes, resource, span, traces } from './intake/requests.js'
import { withPlace } from './running.js'

/** A place with little room, and how more of it is made while a console runs there. */
interface Room {
  readonly name: string
  readonly directory: string
  /** Kilobytes that a file of the console may have; undefined: as many as there is room for. */
  readonly fileKb?: number
  makeRoom(child: ChildProcess): void
  close(): void
}

/** 6 MB a file, by the limit that `ulimit -f` sets: it needs no right to mount. */
function limited(): Room {
  const directory = mkdtempSync(join(tmpdir(), 'hotpath-limit-'))
  return {
    name: 'files that may not grow',
    directory,
    fileKb: 6_000,
    makeRoom: ({ pid }) => execFileSync('prlimit', ['--pid', String(pid), '--fsize=unlimited:']),
    close: () => rmSync(directory, { recursive: true, force: true }),
  }
}

/** A file system of 9 MB, of which 3 are taken by something else. */
function small(): Room | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'hotpath-small-'))
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=9m', 'tmpfs', directory])
  if (status !== 0) {
    rmSync(directory, { recursive: true, force: true })
    return undefined
  }
  const other = join(directory, 'other')
  writeFileSync(other, Buffer.alloc(3_000_000))
  return {
    name: 'a full file system',
    directory,
    makeRoom: () => rmSync(other),
    close: () => {
      execFileSync('umount', [directory])
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

const rooms = process.platform === 'linux' ? [limited, small] : []

describe('a store without room', { skip: rooms.length === 0 ? 'needs Linux' : false }, () => {
  for (const open of rooms) {
    const room = open()
    // Who may not mount has seen the same with the limit.
    if (room === undefined) continue
    test(`on ${room.name}: says so, answers 503, loses nothing, and goes on when there is room`, async () => {
      let child: ChildProcess | undefined
      try {
        const started = await start(room)
        child = started.child
        const { url } = started
        let sent = 0
        let answer = await send(url, sent)
        while (answer.status === 200 && sent < 200) answer = await send(url, ++sent)
        assert.equal(answer.status, 503, `${sent} batches were taken`)
        assert.equal(answer.retryAfter, '5')
        assert.match(answer.message, /could not be written.*Look at the free space/)

        const full = await statusOf(url)
        assert.equal(full.problem?.kind, 'full')
        assert.match(full.notes[0] ?? '', /^Nothing is recorded at the moment: there is no room/)
        assert.match(await metricsOf(url), /store_writable 0\.0/)
        // What is stored can still be asked for.
        assert.equal((await fetch(`${url}/api/traces?since=1h`)).status, 200)
        assert.equal((await send(url, sent)).status, 503)

        room.makeRoom(child)
        const endMs = performance.now() + 20_000
        while ((await send(url, sent)).status !== 200) {
          if (performance.now() > endMs) assert.fail('it does not go on')
          await sleep(100)
        }
        const well = await statusOf(url)
        assert.equal(well.problem, null)
        assert.match(await metricsOf(url), /store_writable 1\.0/)

        child.kill('SIGKILL')
        await once(child, 'exit')
        const store = await openStore({ path: join(room.directory, 'store.duckdb') })
        const { traces: kept } = await store.status()
        await store.close()
        assert.equal(kept, sent + 1, 'all that was acknowledged, nothing twice')
      } finally {
        if (child !== undefined && child.exitCode === null && child.signalCode === null) {
          child.kill('SIGKILL')
          await once(child, 'exit')
        }
        room.close()
      }
    })
  }
})

test('a store that may only be read: 503, and a word of its own', () =>
  withPlace(async ({ directory }) => {
    const path = join(directory, 'store.duckdb')
    await (await openStore({ path })).close()
    const store = await openStore({ path, readOnly: true })
    try {
      const intake = new Intake(store)
      const { status, headers } = await intake.take('traces', {
        contentType: 'application/json',
        contentEncoding: undefined,
        body: Buffer.from(JSON.stringify(traces([span()]))),
      })
      assert.deepEqual([status, headers['retry-after']], [503, '5'])
      assert.equal(intake.problem()?.kind, 'read-only', intake.problem()?.message)
    } finally {
      await store.close()
    }
  }))

/** A console in a process of its own, so that it can be limited and killed. */
async function start(room: Room): Promise<{ child: ChildProcess; url: string }> {
  const main = `
    import { startConsole } from ${JSON.stringify(new URL('../dist/console.js', import.meta.url).href)}
    const { url } = await startConsole({ port: 0, store: { path: 'store.duckdb' } })
    console.log(url)`
  const limit = room.fileKb === undefined ? '' : `ulimit -S -f ${room.fileKb};`
  const child = spawn(
    'bash',
    ['-c', `${limit} exec "$0" --input-type=module -e "$1"`, process.execPath, main],
    { cwd: room.directory, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the console ended with ${String(code)}`)
  })
  const first = once(child.stdout as NonNullable<typeof child.stdout>, 'data')
  const [line] = (await Promise.race([first, ended])) as [Buffer]
  ended.catch(() => {})
  return { child, url: String(line).trim() }
}

/** Trace number `n` with 200 spans of noise, about 200 kB in the file. */
async function send(
  url: string,
  n: number,
): Promise<{ status: number; retryAfter: string | null; message: string }> {
  const traceId = (n + 1).toString(16).padStart(32, '0')
  const spans = Array.from({ length: 200 }, (_, k) =>
    span({
      traceId,
      spanId: (k + 1).toString(16).padStart(16, '0'),
      attributes: attributes({ noise: noise(n * 200 + k) }),
    }),
  )
  const response = await fetch(`${url}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(traces(spans, resource())),
  })
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    message: await response.text(),
  }
}

const statusOf = async (url: string): Promise<StatusAnswer> =>
  (await (await fetch(`${url}/api/status`)).json()) as StatusAnswer

const metricsOf = async (url: string): Promise<string> => (await fetch(`${url}/metrics`)).text()

/** 1,000 characters that depend on the seed and do not compress (a linear congruential generator). */
function noise(seed: number): string {
  let state = seed + 1
  return Array.from({ length: 500 }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return ((state >> 8) & 255).toString(16).padStart(2, '0')
  }).join('')
}

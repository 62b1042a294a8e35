import assert from 'node:assert/strict'
import inspector from 'node:inspector'
import { pathToFileURL } from 'node:url'
import { describe, test } from 'node:test'
import { type Block, BlockFrames } from '../dist/trace/block-frames.js'
import { counts } from '../dist/trace/counts.js'
import { hottestFrame, type Profile, RunningProfile } from '../dist/trace/profile.js'
import { routeStats } from '../dist/trace/routes.js'

const app = 'file:///app/src/users.js'

/** A call tree by indents: `name url:line  self samples`; each sample is 1 ms, in the order of the lines. */
function profileOf(picture: string): Profile {
  const nodes: (Profile['nodes'][number] & { children: number[] })[] = []
  const samples: number[] = []
  const stack: { readonly id: number; readonly indent: number }[] = []
  for (const line of picture.split('\n').filter(text => text.trim() !== '')) {
    const [, space = '', name = '', url = '', at = '', n = ''] =
      /^(\s*)(\S+) (\S*):(\d+) +(\d+)$/.exec(line) ?? []
    const id = nodes.length + 1
    while ((stack.at(-1)?.indent ?? -1) >= space.length) stack.pop()
    nodes.find(node => node.id === stack.at(-1)?.id)?.children.push(id)
    stack.push({ id, indent: space.length })
    nodes.push({
      id,
      callFrame: { functionName: name, url, lineNumber: Number(at) - 1, columnNumber: 0 },
      children: [],
      // The line after the one on which it begins.
      positionTicks: Number(n) > 0 ? [{ line: Number(at) + 1, ticks: Number(n) }] : [],
    })
    samples.push(...Array.from({ length: Number(n) }, () => id))
  }
  return {
    nodes,
    startTime: 1_000_000,
    endTime: 1_000_000 + samples.length * 1e3,
    samples,
    timeDeltas: samples.map(() => 1_000),
  }
}

const all = [0, Number.MAX_SAFE_INTEGER] as const
const placeIn = (profile: Profile, between: readonly [number, number] = all) => {
  const found = hottestFrame(profile, ...between)
  return found && `${found.site.function ?? '?'} ${found.site.file}:${found.site.line}`
}

describe('the hottest frame of a block', () => {
  test('is that of the app in which most of its samples are, at its line', () => {
    const profile = profileOf(`
      (root) :1             0
        handler ${app}:10   5
          total ${app}:30   40
          other ${app}:60   9`)
    assert.equal(placeIn(profile), `total ${app}:31`)
    assert.equal(hottestFrame(profile, ...all)?.share.toFixed(2), '0.74')
  })

  test('is who called a library or a part of Node, where that computes', () => {
    const profile = profileOf(`
      (root) :1                                              0
        hash ${app}:10                                       2
          render file:///app/node_modules/pug/lib/index.js:3 10
            scryptSync node:internal/crypto/scrypt:80        30`)
    assert.equal(placeIn(profile), `hash ${app}:10`, 'its own line took two of its samples')
  })

  test('is one function, wherever it was called', () => {
    const profile = profileOf(`
      (root) :1               0
        a ${app}:10           12
          hot ${app}:90       10
        b ${app}:20           11
          hot ${app}:90       10`)
    assert.equal(placeIn(profile), `hot ${app}:91`)
  })

  test('is not looked for beside the block', () => {
    const profile = profileOf(`
      (root) :1             0
        before ${app}:10    500
        within ${app}:30    30
        after ${app}:50     500`)
    assert.equal(placeIn(profile, [1_501_000, 1_530_000]), `within ${app}:31`)
  })

  for (const [said, picture] of [
    ['there are few samples', `(root) :1 0\n  f ${app}:1 4`],
    [
      'nobody takes its part',
      `(root) :1 0\n  f ${app}:1 9\n  g ${app}:20 9\n  h ${app}:40 9\n  i ${app}:60 9`,
    ],
    ['none is the app’s', '(root) :1 0\n  f node:fs:1 99\n  g wasm://wasm/0a1b:1 99'],
    ['the engine collects its garbage', '(root) :1 0\n  (garbage) :1 99'],
  ] as const)
    test(`is not told where ${said}`, () => {
      assert.equal(placeIn(profileOf(picture)), undefined)
    })
})

describe('the profiler of the process', () => {
  const spin = (ms: number): void => {
    const endMs = performance.now() + ms
    while (performance.now() < endMs);
  }

  test('names the function that computes', {
    skip: inspector.url() !== undefined && 'debugged',
  }, () => {
    const running = RunningProfile.start()
    assert.ok(running)
    const fromMs = performance.now()
    spin(200)
    const frame = running.stop({ fromMs, toMs: performance.now() })
    assert.equal(frame?.site.function, 'spin')
    assert.equal(frame.site.file, pathToFileURL(import.meta.filename).href)
    assert.ok(frame.share > LEAST)
  })

  test('leaves a process alone in which an inspector listens', () => {
    inspector.open(0, '127.0.0.1')
    try {
      assert.equal(RunningProfile.start(), undefined)
    } finally {
      inspector.close()
    }
  })

  test('leaves a process alone that is measured, or whose tests count what they cover', () => {
    for (const [name, value] of [
      ['NODE_V8_COVERAGE', '/tmp'],
      ['NODE_OPTIONS', '--cpu-prof'],
    ] as const) {
      const before = process.env[name]
      process.env[name] = value
      try {
        assert.equal(RunningProfile.start(), undefined, name)
      } finally {
        if (before === undefined) Reflect.deleteProperty(process.env, name)
        else process.env[name] = before
      }
    }
  })
})

const LEAST = 0.5

/** Blocks at times of our choosing, and a profiler that counts. */
class Watched {
  nowMs = 100_000
  starts = 0
  readonly stops: unknown[] = []
  readonly frame = { site: { file: app, line: 31, column: 1, mapped: false }, share: 0.9 }
  readonly frames: BlockFrames

  constructor(fails?: 'start' | 'stop') {
    const stop = (between: unknown) => {
      this.stops.push(between)
      if (fails === 'stop') throw new Error('no')
      return this.frame
    }
    this.frames = new BlockFrames(
      () => {
        this.starts++
        if (fails === 'start') throw new Error('no')
        return { stop }
      },
      () => this.nowMs,
    )
  }

  /** A block, and the turn of the event loop after it. */
  async block(route = '/users', line = 12) {
    const site = { file: app, line, column: 1, mapped: false }
    const block: Block = { startMs: this.nowMs, endMs: this.nowMs + 30, site }
    this.nowMs += 1_000
    const frame = this.frames.of(block, routeStats('GET', route))
    await new Promise(resolve => setImmediate(resolve))
    return frame
  }
}

describe('blocks that come again', () => {
  test('are looked into from the third one on: the next is profiled, and those after it are named', async () => {
    const watched = new Watched()
    assert.equal(await watched.block(), undefined)
    assert.equal(await watched.block(), undefined)
    assert.equal(watched.starts, 0)
    assert.equal(await watched.block(), undefined)
    assert.equal(watched.starts, 1)
    assert.equal(await watched.block(), undefined, 'it is profiled')
    assert.deepEqual(watched.stops, [{ fromMs: 103_000, toMs: 103_030 }])
    assert.equal(await watched.block(), watched.frame)
    assert.equal(await watched.block('/users', 99), undefined, 'another place: another block')
  })

  test('start the profiler once a minute at most, whatever route they are of', async () => {
    const watched = new Watched()
    for (let i = 0; i < 20; i++) {
      await watched.block('/a')
      await watched.block('/b')
    }
    assert.equal(watched.starts, 1)
    watched.nowMs += 60_000
    // That of b was looked into: its third came while the profiler ran.
    await watched.block('/b')
    await watched.block('/c')
    assert.equal(watched.starts, 1, 'the one is known, the other has not come again')
    await watched.block('/a')
    assert.equal(watched.starts, 2)
    await watched.block('/b')
    await watched.block('/c')
    assert.equal(watched.stops.length, 1)
    await watched.block('/a')
    assert.equal(watched.stops.length, 2)
  })

  for (const fails of ['start', 'stop'] as const)
    test(`say nothing where the profiler fails to ${fails}, which is counted`, async () => {
      counts.errors.delete('trace.profile')
      const watched = new Watched(fails)
      for (let i = 0; i < 6; i++) assert.equal(await watched.block(), undefined)
      assert.equal(counts.errors.get('trace.profile'), 1)
    })
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { TagSharing } from '../dist/cache/sharing.js'
import { cut, messageText, readMessage } from '../dist/cache/tag-messages.js'
import { Tags } from '../dist/cache/tags.js'
import type { TagChannel } from '../dist/config/tag-channel.js'

/** What connects the processes of a test, and loses what it is told to lose. */
class Hub {
  readonly texts: string[] = []
  private readonly listeners = new Set<(message: string) => void>()
  /** `lost`: nobody hears it, and the sender does not know. `refused`: the sender knows. */
  mode: 'good' | 'lost' | 'refused' = 'good'

  channel(): TagChannel {
    return {
      publish: async message => {
        if (this.mode === 'refused') throw new Error('away')
        if (this.mode === 'lost') return
        this.texts.push(message)
        for (const listener of this.listeners) listener(message)
      },
      subscribe: async onMessage => {
        this.listeners.add(onMessage)
        return async () => void this.listeners.delete(onMessage)
      },
    }
  }
}

class Process {
  readonly tags = new Tags()
  readonly sharing: TagSharing
  constructor(hub: Hub) {
    this.sharing = TagSharing.start(this.tags, hub.channel())
  }
}

const turn = () => new Promise<void>(resolve => void setImmediate(() => setImmediate(resolve)))

async function until(done: () => boolean, what: string): Promise<void> {
  const deadlineMs = Date.now() + 15_000
  while (!done()) {
    assert.ok(Date.now() < deadlineMs, `waited in vain for ${what}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

/** Two processes that have heard of each other. */
async function pair(): Promise<{ hub: Hub; a: Process; b: Process; stop(): Promise<void> }> {
  const hub = new Hub()
  const a = new Process(hub)
  const b = new Process(hub)
  await turn()
  a.tags.bump(['hello'])
  await turn()
  const stop = async () => void (await Promise.all([a.sharing.stop(), b.sharing.stop()]))
  return { hub, a, b, stop }
}

describe('tags are shared between processes', () => {
  test('a change here is one there, and is not told again', async () => {
    const { hub, a, b, stop } = await pair()
    const [one, other] = [b.tags.of('one'), b.tags.of('other')]
    const before = [one.version, other.version]
    hub.texts.length = 0
    a.tags.bump(['one', 'two'])
    a.tags.bump(['one'])
    await turn()
    assert.notEqual(one.version, before[0])
    assert.equal(other.version, before[1])
    assert.equal(hub.texts.length, 1)
    await stop()
  })

  test('all here is all there', async () => {
    const { a, b, stop } = await pair()
    const tag = b.tags.of('one')
    const { version } = tag
    a.tags.bumpAll()
    await turn()
    assert.notEqual(tag.version, version)
    await stop()
  })

  test('what was lost on the way makes all old with the next that comes', async () => {
    const { hub, a, b, stop } = await pair()
    const tag = b.tags.of('one')
    const { version } = tag
    hub.mode = 'lost'
    a.tags.bump(['one'])
    await turn()
    assert.equal(tag.version, version)
    hub.mode = 'good'
    a.tags.bump(['something else'])
    await turn()
    assert.notEqual(tag.version, version)
    await stop()
  })

  test('what could not be sent is sent when it can be', async () => {
    const { hub, a, b, stop } = await pair()
    hub.mode = 'refused'
    a.tags.bump(['one'])
    await turn()
    const tag = b.tags.of('one')
    const { version } = tag
    hub.mode = 'good'
    await until(() => tag.version !== version, 'the change')
    await stop()
  })

  test('who hears nothing, not even itself, keeps nothing', async () => {
    const { hub, a, stop } = await pair()
    hub.mode = 'lost'
    const tag = a.tags.of('one')
    const { version } = tag
    await until(() => tag.version !== version, 'all to be old')
    hub.mode = 'good'
    await stop()
  })

  test('a process that is gone without a word may have written: all is old once', async () => {
    const hub = new Hub()
    const a = new Process(hub)
    await turn()
    const gone = messageText({ from: 'gone', n: 1, names: [] })
    await hub.channel().publish(gone)
    const tag = a.tags.of('one')
    const { version } = tag
    await until(() => tag.version !== version, 'its silence')
    await a.sharing.stop()
  })

  test('one that says goodbye is not missed', async () => {
    const { a, b } = await pair()
    const tag = b.tags.of('one')
    const { version } = tag
    await a.sharing.stop()
    await turn()
    assert.equal(tag.version, version)
    await b.sharing.stop()
  })

  test('however changes come and get lost: who hears one text knows of all before it', async () => {
    const step = fc.record({ name: fc.constantFrom('x', 'y', 'z', 'w'), lost: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async steps => {
        const { hub, a, b, stop } = await pair()
        const held = ['x', 'y', 'z', 'w'].map(name => b.tags.of(name))
        const before = new Map(held.map(tag => [tag, tag.version]))
        for (const { name, lost } of steps) {
          hub.mode = lost ? 'lost' : 'good'
          a.tags.bump([name])
          await turn()
        }
        hub.mode = 'good'
        a.tags.bump(['last'])
        await turn()
        const changed = new Set<string>(steps.map(({ name }) => name))
        for (const tag of held)
          if (changed.has(tag.name)) assert.notEqual(tag.version, before.get(tag))
        await stop()
      }),
      { seed: 1, numRuns: 200 },
    )
  })
})

describe('the texts of shared tags', () => {
  test('are read as they were written', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), fc.array(fc.string()), (from, n, names) => {
        assert.deepEqual(readMessage(messageText({ from, n, names })), { from, n, names })
      }),
      { seed: 1, numRuns: 1_000 },
    )
  })

  test('of others are let alone', () => {
    for (const text of ['', 'x', '{}', '[]', '["hotpath",2,"a",1,[]]', '["hotpath",1,"a","1",[]]'])
      assert.equal(readMessage(text), undefined)
  })

  test('are cut where they are long, and nothing is lost', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1_000, maxLength: 9_000 })), names => {
        const lists = cut(names)
        assert.deepEqual(lists.flat(), names)
        assert.ok(lists.every(list => list.length === 1 || list.join().length < 70_000))
      }),
      { seed: 1, numRuns: 200 },
    )
  })
})

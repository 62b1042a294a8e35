import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { memoryStore } from 'hotpath/cache'
import { FaultyStore } from './faults.js'
import { type Lab, lab, settled } from './lab.js'

const KEYS = ['a', 'b', 'c']

type Step =
  | { readonly do: 'get' | 'delete'; readonly at: number; readonly key: string }
  | { readonly do: 'write'; readonly at: number; readonly key: string; readonly slow: boolean }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'clear'; readonly at: number }
  | { readonly do: 'fail'; readonly at: number; readonly fault: 'none' | 'throw' | 'hang' }
  | { readonly do: 'break'; readonly breaks: boolean }
  | { readonly do: 'wait' }

const at = fc.nat(1)
const key = fc.constantFrom(...KEYS)
const steps = (faults: boolean): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      { weight: 8, arbitrary: fc.record({ do: fc.constant('get' as const), at, key }) },
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constant('write' as const), at, key, slow: fc.boolean() }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), at, key }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const), at }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat(1500) }) },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constant('break' as const), breaks: fc.boolean() }),
      },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const) }) },
      ...(faults
        ? [
            {
              weight: 2,
              arbitrary: fc.record({
                do: fc.constant('fail' as const),
                at,
                fault: fc.constantFrom('none' as const, 'throw' as const, 'hang' as const),
              }),
            },
          ]
        : []),
    ),
    { maxLength: 40 },
  )

/**
 * The model: a source has a version of each key. Who writes raises it and invalidates; once that was
 * acknowledged, no reader who begins afterwards may be given an older one. Within the process that wrote, not
 * even when it was not.
 */
async function follow(
  script: readonly Step[],
  labs: readonly Lab[],
  stores: readonly FaultyStore[],
) {
  const source = new Map(KEYS.map(name => [name, 1]))
  const least = labs.map(() => new Map(KEYS.map(name => [name, 1])))
  let broken = false
  const running: Promise<void>[] = []

  const get = async ({ cache }: Lab, name: string, floor: number) => {
    const read = async () => {
      const seen = source.get(name) ?? 0
      if (broken) throw new Error('source')
      await settled()
      return { version: seen }
    }
    const found = await cache
      .getOrSet(name, read, { tags: [`key ${name}`, 'all'] })
      .catch(error => {
        if (String(error).includes('source')) return undefined
        throw error
      })
    if (found === undefined) return
    assert.ok(found.version >= floor, `${name}: ${found.version} after ${floor}`)
    // What a caller does to it must not be seen by anybody.
    assert.ok(found.version < 1e6)
    found.version += 1e6
  }

  const write = async (process: number, name: string, slow: boolean) => {
    const version = (source.get(name) ?? 0) + 1
    source.set(name, version)
    if (slow) await settled()
    const everywhere = await labs[process]?.cache.invalidate([`key ${name}`])
    for (const [i, floors] of least.entries())
      if (everywhere === true || i === process)
        floors.set(name, Math.max(floors.get(name) ?? 0, version))
  }

  for (const step of script) {
    const [process, one] = 'at' in step ? [step.at, labs[step.at] as Lab] : [0, labs[0] as Lab]
    if (step.do === 'get') running.push(get(one, step.key, least[process]?.get(step.key) ?? 0))
    else if (step.do === 'write') running.push(write(process, step.key, step.slow))
    else if (step.do === 'delete') running.push(one.cache.delete(step.key).then(() => {}))
    else if (step.do === 'clear') running.push(one.cache.clear().then(() => {}))
    else if (step.do === 'break') broken = step.breaks
    else if (step.do === 'pass') for (const { clock } of labs) clock.ms += step.ms
    else if (step.do === 'fail') (stores[step.at] as FaultyStore).fault = step.fault
    else await settled()
    // Messages take a turn; what was acknowledged before it has arrived.
    await Promise.resolve()
  }
  for (const store of stores) store.fault = 'none'
  await Promise.all(running)
}

const options = { stale: 300, grace: 2000, early: 0.2, jitter: 0.2, errorTtl: 50, retryAfter: 0 }
const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)

test(`memory alone: never older than an invalidation (seed ${seed})`, async () => {
  const property = fc.asyncProperty(steps(false), async script => {
    const one = lab({ ...options, maxEntries: 2 })
    await follow(
      script.map(step => ('at' in step ? { ...step, at: 0 } : step)),
      [one],
      [],
    )
  })
  await fc.assert(property, { seed, numRuns: 1000 })
})

for (const coherence of ['checked', 'strict'] as const) {
  test(`${coherence}: two processes, a store that fails: never older than what was acknowledged (seed ${seed})`, async () => {
    const property = fc.asyncProperty(steps(true), async script => {
      const store = memoryStore()
      const stores = [new FaultyStore(store, false), new FaultyStore(store, false)]
      const shared = { ...options, coherence, storeTimeout: 2, storeRetry: 1 } as const
      const labs = stores.map(one => lab({ ...shared, store: one }))
      await follow(script, labs, stores)
      await Promise.all(labs.map(({ cache }) => cache.close()))
    })
    await fc.assert(property, { seed, numRuns: 150 })
  })
}

test(`fast: two processes with messages: never older than what was acknowledged and heard (seed ${seed})`, async () => {
  const property = fc.asyncProperty(steps(false), async script => {
    const store = memoryStore()
    const stores = [new FaultyStore(store), new FaultyStore(store)]
    const labs = stores.map(one => lab({ ...options, coherence: 'fast', store: one }))
    await settled()
    await follow(script, labs, stores)
    await Promise.all(labs.map(({ cache }) => cache.close()))
  })
  await fc.assert(property, { seed, numRuns: 1000 })
})

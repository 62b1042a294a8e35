import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { memoryStore } from 'hotpath/cache'
import { joinLink } from '../../dist/cache/share/link.js'
import { Tags } from '../../dist/cache/tags.js'
import { until } from './servers.js'

test('a change is told once by each of two copies of the cache in a process, and not for ever', async () => {
  // As the recorder's bundle beside the library that the app imports.
  const other = (await import('../../dist/cache/share/link.js?copy' as string)) as {
    readonly joinLink: typeof joinLink
  }
  assert.notEqual(other.joinLink, joinLink)
  const tags = new Tags()
  let renewals = 0
  const counted = () => {
    const store = memoryStore()
    const renew = store.renew.bind(store)
    return Object.assign(store, {
      async renew(names: readonly string[]) {
        renewals++
        await turn()
        return renew(names)
      },
    })
  }
  const member = (epoch: string) => ({ epoch, drop() {}, forget() {} })
  const members = [member('a'), member('b')] as const
  const links = [
    joinLink(counted(), tags, 100, members[0]),
    other.joinLink(counted(), tags, 100, members[1]),
  ]
  try {
    tags.of('menu')
    tags.bump(['menu'])
    await until(() => renewals >= 2, 'both stores to be told')
    for (let n = 0; n < 200; n++) await turn()
    assert.equal(renewals, 2)
  } finally {
    for (const [at, link] of links.entries()) await link.leave(members[at] as (typeof members)[0])
  }
})

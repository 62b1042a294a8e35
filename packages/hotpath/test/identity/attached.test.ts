import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { checkConfig } from '../../dist/config.js'
import { observe } from '../observed.js'
import { until } from '../serve/cached-server.js'

const folder = mkdtempSync(join(tmpdir(), 'hotpath-identity-'))
after(() => rmSync(folder, { recursive: true }))
const identity = new URL('../../dist/identity/index.js', import.meta.url).href

/** Who is asked for is what stands in a header that only this test writes. */
const config = `
import { verified } from ${JSON.stringify(identity)}
export default {
  trustProxy: 'loopback',
  identify: verified(async ({ headers }) => headers['x-verified-user']),
  routes: {
    'GET /length': { limit: { rate: '2/h', by: 'user' } },
    'GET /open': { limit: { rate: '2/h' } },
    'GET /ready': { limit: { rate: '1/h', deny: () => true } },
  },
}
`

for (const framework of ['node', 'express', 'fastify'])
  test(`${framework}: requests count for the user that was verified, or the address that a proxy tells`, async () => {
    const file = join(folder, 'hotpath.config.mjs')
    writeFileSync(file, config)
    const seen = await observe(
      'crowded.cjs',
      async app => {
        const statuses = async (
          path: string,
          headers: Record<string, string>,
        ): Promise<number[]> => {
          const got: number[] = []
          for (let n = 0; n < 3; n++) got.push((await fetch(app.url + path, { headers })).status)
          return got
        }
        // The policies are there once the config has been read: then this one refuses.
        await until(async () => (await fetch(`${app.url}/ready`)).status === 403, 'the limits')
        const from = (address: string) => ({ 'x-forwarded-for': address })
        const once = [200, 200, 429]
        assert.deepEqual(
          await statuses('/length', { 'x-verified-user': 'ann', ...from('192.0.2.1') }),
          once,
        )
        assert.deepEqual(
          await statuses('/length', { 'x-verified-user': 'bob', ...from('192.0.2.1') }),
          once,
        )
        // Another address does not make another user.
        const again = await statuses('/length', { 'x-verified-user': 'ann', ...from('192.0.2.9') })
        assert.deepEqual(again, [429, 429, 429])
        assert.deepEqual(await statuses('/open', from('192.0.2.1')), once)
        assert.deepEqual(await statuses('/open', from('6.6.6.6, 192.0.2.1')), [429, 429, 429])
        assert.deepEqual(await statuses('/open', from('192.0.2.2')), once)
        assert.deepEqual(await statuses('/open', from('2001:db8::1')), once)
        assert.deepEqual(await statuses('/open', from('2001:db8::2')), [429, 429, 429])
      },
      { FRAMEWORK: framework, HOTPATH_CONFIG: file },
    )
    assert.equal(seen.code, 0)
    assert.deepEqual(seen.errors, [])
  })

test('by user, without anything that verifies who it is, is an error of the config', () => {
  const checked = checkConfig({ routes: { 'GET /a': { limit: { rate: '1/h', by: 'user' } } } }, 'c')
  assert.ok(!checked.ok && checked.problem.message.includes('needs an "identify"'))
})

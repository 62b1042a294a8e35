import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ALL, CdnKeys } from '../../dist/cdn/keys.js'
import { run } from '../differential.js'

test('a process that ends by itself right after a write sends the purge first', async () => {
  const purged: string[] = []
  let begin = (): void => {}
  const front = createServer(({ method, headers }, response) => {
    if (method === 'PURGE') purged.push(...String(headers['xkey-purge']).split(' '))
    if (method === 'PURGE') response.end()
    else begin = () => void response.end()
    if (purged.length === 2) begin()
  })
  await new Promise<void>(resolve => front.listen(0, '127.0.0.1', resolve))
  const env = {
    FRONT: 'varnish',
    FRONT_URL: `http://127.0.0.1:${(front.address() as AddressInfo).port}`,
    HOTPATH_CONFIG: fileURLToPath(
      new URL('../../test/apps/front-shop.config.mjs', import.meta.url),
    ),
    HOTPATH_ENDPOINT: 'http://127.0.0.1:1',
  }
  const { code } = await run({ file: 'write-and-end.mjs', env }, ['--import', 'hotpath/register'])
  front.closeAllConnections()
  await new Promise(resolve => front.close(resolve))
  assert.equal(code, 0)
  const keys = new CdnKeys('front-shop')
  assert.deepEqual(
    [...new Set(purged)],
    [ALL, 'menu'].map(name => keys.of(name)),
  )
})

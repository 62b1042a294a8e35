import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { bytes, milliseconds, readConfig, resolveConfig } from '../dist/config.js'
import { withPlace } from './running.js'

/** Reads a config with this text. */
const read = (name: string, text: string): Promise<unknown> =>
  withPlace(async ({ directory }) => {
    writeFileSync(join(directory, name), text)
    return readConfig(directory)
  })

describe('hotpath.console.config', () => {
  test('is read as .js, .mjs and .json; without one all is default', async () => {
    const config = { port: 5000, store: { maxAge: '7d' } }
    const text = JSON.stringify(config)
    assert.deepEqual(await read('hotpath.console.config.json', text), config)
    assert.deepEqual(await read('hotpath.console.config.mjs', `export default ${text}`), config)
    assert.deepEqual(await withPlace(({ directory }) => readConfig(directory)), {})
  })

  test('gives way to flags and environment, and the rest is filled in', () => {
    const file = { port: 5000, host: '::1', store: { maxAge: '7d', path: 'from-file' } }
    const config = resolveConfig({ port: 6000, store: { path: 'from-flag' } }, file, {
      HOTPATH_CONSOLE_TOKEN: 'from-environment',
    })
    assert.deepEqual(config, {
      host: '::1',
      port: 6000,
      token: 'from-environment',
      hosts: [],
      store: {
        path: 'from-flag',
        maxAgeMs: 604_800_000,
        maxBytes: 2_000_000_000,
        memoryBytes: 512_000_000,
      },
      url: undefined,
      database: undefined,
      alerts: [],
      notify: [],
      ignore: [],
    })
  })

  const wrong: readonly (readonly [string, string, RegExp])[] = [
    ['a misspelt key', '{"prot":1}', /key `prot`, which is not known. Did you mean `port`\?/],
    ['a misspelt inner key', '{"store":{"maxage":"1d"}}', /Did you mean `store.maxAge`\?/],
    ['an unlike key', '{"zebra":1}', /`zebra`.*Known are host, port, token, hosts, store/],
    ['a key that objects inherit', '{"constructor":1}', /`constructor`, which is not known/],
    [
      'a number out of range',
      '{"port":70000}',
      /`port` must be a whole number from 0 to 65535, but is 70000/,
    ],
    [
      'a time without unit',
      '{"store":{"maxAge":"3"}}',
      /`store.maxAge` must be a time such as 12h or 3d/,
    ],
    ['a size that is none', '{"store":{"maxSize":"many"}}', /`store.maxSize` must be a size/],
    ['a short token, without saying it', '{"token":"secret"}', /`token` must be .* 16 characters/],
    ['no object', '[]', /must be an object, but is \[\]/],
    ['no JSON', '{', /cannot be read/],
  ]
  for (const [title, text, reason] of wrong)
    test(`with ${title} is one clear error`, async () => {
      await assert.rejects(read('hotpath.console.config.json', text), error => {
        const { message, exitCode } = error as { message: string; exitCode: number }
        assert.match(message, reason)
        assert.ok(!message.includes('secret'))
        assert.equal(exitCode, 2)
        return true
      })
    })

  test('understands times and sizes', () => {
    assert.deepEqual(['90s', '15m', '2h', '3d'].map(milliseconds), [9e4, 9e5, 7.2e6, 2.592e8])
    assert.deepEqual(['10KB', '1.5gb', '2GiB'].map(bytes), [1e4, 1.5e9, 2_147_483_648])
    for (const text of ['', '3', 'd', '-1d', '0d', '3 weeks', '1e3s', 'toString'])
      assert.equal(milliseconds(text), undefined, text)
  })
})

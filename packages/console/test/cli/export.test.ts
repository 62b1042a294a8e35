import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { withDirectory } from '../store-of.js'
import { hotpath } from './hotpath.js'

const config = `
export default {
  routes: {
    'GET /menu': { limit: { rate: '10/s' } },
    'POST /orders': { limit: { rate: '5/s', by: () => 'somebody' } },
  },
}
console.log('a config may print what it likes')
`
const write = (directory: string): Promise<unknown> =>
  Promise.all([
    writeFile(join(directory, 'package.json'), '{ "name": "shop", "type": "module" }'),
    writeFile(join(directory, 'hotpath.config.js'), config),
  ])

describe('hotpath export', () => {
  test('writes the file to stdout alone, and what has no equivalent to stderr as well', () =>
    withDirectory(async directory => {
      await write(directory)
      for (const [edge, pattern] of [
        ['nginx', /limit_req zone=hotpath_1 burst=9 nodelay;/],
        ['kong', /_format_version: "3.0"/],
        ['aws', /"AWSTemplateFormatVersion": "2010-09-09"/],
      ] as const) {
        const { code, stdout, stderr } = await hotpath(['export', edge], directory).ended
        assert.equal(code, 0, stderr)
        assert.match(stdout, pattern)
        assert.doesNotMatch(stdout, /a config may print/)
        const said = 'POST /orders, limit.by: only the app knows what a function says'
        assert.ok(stderr.includes(`hotpath: not the same: ${said}`), stderr)
        assert.ok(stdout.includes(said))
      }
    }))

  test('says what is wrong where there is nothing to write, or a word is none', () =>
    withDirectory(async directory => {
      await writeFile(join(directory, 'package.json'), '{ "name": "shop" }')
      const nothing = await hotpath(['export', 'nginx'], directory).ended
      assert.equal(nothing.code, 2)
      assert.match(nothing.stderr, /There is no hotpath\.config in .*so there is nothing to write/)
      await write(directory)
      const odd = await hotpath(['export', 'nginx', '--upstream', 'a; evil'], directory).ended
      assert.equal(odd.code, 2)
      assert.match(odd.stderr, /--upstream a; evil is none: expected an address/)
    }))
})

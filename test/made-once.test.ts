import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { root } from './places.js'
import { fillFolder } from './run/filled.js'
import { once } from './run/once.js'

const onceUrl = pathToFileURL(join(root, 'test', 'dist', 'run', 'once.js')).href

describe('what tests make once', () => {
  let folder: string
  before(() => void (folder = mkdtempSync(join(tmpdir(), 'hotpath-once-'))))
  after(() => rmSync(folder, { recursive: true, force: true }))

  test('is made by one of several processes; the others wait until it is whole', async () => {
    const set = join(folder, 'set')
    // It looks done from the first file on, as a package does while npm unpacks it.
    const program = `
      import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
      import { once } from ${JSON.stringify(onceUrl)}
      const set = ${JSON.stringify(set)}
      once(set, () => existsSync(set + '/first'), () => {
        appendFileSync(set + '.makers', 'x')
        mkdirSync(set, { recursive: true })
        writeFileSync(set + '/first', '')
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
        writeFileSync(set + '/last', '')
      })
      console.log(existsSync(set + '/last'))`
    const one = () =>
      promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program])
    const said = await Promise.all([one(), one(), one()])
    assert.deepEqual(
      said.map(({ stdout }) => stdout),
      ['true\n', 'true\n', 'true\n'],
    )
    assert.equal(readFileSync(`${set}.makers`, 'utf8'), 'x')
    assert.equal(existsSync(`${set}.lock`), false)
  })

  test('is made by the next when its maker died or failed', () => {
    const set = join(folder, 'left')
    const { pid } = spawnSync(process.execPath, ['--version'])
    writeFileSync(`${set}.lock`, String(pid))
    const make = (): void => mkdirSync(set)
    const failing = (): void => {
      throw new Error('no network')
    }
    assert.throws(() => once(set, () => existsSync(set), failing), /no network/)
    once(set, () => existsSync(set), make)
    assert.ok(existsSync(set))
    assert.equal(existsSync(`${set}.lock`), false)
  })

  test('is copied with its rights, and made anew for other words', () => {
    const kept = join(folder, 'kept')
    let fills = 0
    const filled = (name: string, ...words: string[]): string => {
      const data = join(folder, name)
      const fill = (): void => {
        fills++
        mkdirSync(data)
        chmodSync(data, 0o700)
        writeFileSync(join(data, 'file'), words.join(' '))
      }
      fillFolder(data, process.execPath, words, fill, kept)
      assert.equal(statSync(data).mode & 0o777, 0o700)
      return readFileSync(join(data, 'file'), 'utf8')
    }
    assert.deepEqual([filled('a', 'one'), filled('b', 'one')], ['one', 'one'])
    assert.equal(fills, 1)
    writeFileSync(join(folder, 'b', 'file'), 'changed by a server')
    assert.deepEqual([filled('c', 'one'), filled('d', 'two')], ['one', 'two'])
    assert.equal(fills, 2)
    assert.equal(readdirSync(kept).length, 2)
  })
})

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { DuckDBInstance } from '@duckdb/node-api'
import { startConsole } from '@hotpath/console'
import { type Ended, hotpathBin, Program } from '../processes/program.js'

describe('`hotpath serve` says what is wrong and what to do, in one error, and ends with 2', () => {
  let folder = ''
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'hotpath-start-'))))
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  /** What it wrote to stderr: one error, no stack. */
  const refused = async (...args: string[]): Promise<string> => {
    const program = Program.node([hotpathBin, 'serve', ...args], { cwd: folder })
    const { code, stdout, stderr }: Ended = await program.ended
    assert.deepEqual([code, stdout], [2, ''], stderr)
    assert.doesNotMatch(stderr, /^\s+at /m)
    return stderr
  }

  test('when the port is used by another program', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const said = await refused('--port', String(port))
    server.close()
    assert.match(said, new RegExp(`${port}.*another program.*--port`, 's'))
  })

  test('when the port is used by another console: which one', async () => {
    const running = await startConsole({ port: 0, directory: folder })
    const port = new URL(running.url).port
    const said = await refused('--port', port, '--store', 'other.duckdb')
    await running.close()
    assert.match(said, new RegExp(`another Hotpath console.*${process.pid}`, 's'))
  })

  test('when another console has the store open', async () => {
    const running = await startConsole({ port: 0, directory: folder })
    const said = await refused('--port', '0')
    await running.close()
    assert.match(said, /open in another process.*--store/s)
  })

  test('when a config key is misspelt: the key, the file, and the key that was meant', async () => {
    writeFileSync(join(folder, 'hotpath.console.config.json'), '{ "stroe": { "path": "x" } }')
    const said = await refused('--port', '0')
    assert.match(said, /hotpath\.console\.config\.json/)
    assert.match(said, /stroe.*store/s)
  })

  test('when a flag is misspelt', async () => {
    assert.match(await refused('--prot', '0'), /--prot.*--port/s)
  })

  test('when the store is damaged', async () => {
    const path = join(folder, 'store.duckdb')
    await (await startConsole({ port: 0, directory: folder, store: { path } })).close()
    writeFileSync(path, Buffer.alloc(64 * 1024, 'not a database '))
    assert.match(await refused('--port', '0', '--store', path), /store\.duckdb/)
  })

  test('when the store was written by a newer version', async () => {
    const path = join(folder, 'store.duckdb')
    await (await startConsole({ port: 0, directory: folder, store: { path } })).close()
    await pretendNewer(path)
    assert.match(await refused('--port', '0', '--store', path), /newer version.*Update/s)
  })
})

/** Writes a format that no console knows yet where the store keeps its own. */
async function pretendNewer(path: string): Promise<void> {
  const instance = await DuckDBInstance.create(path)
  const connection = await instance.connect()
  await connection.run("update meta set value = '999' where key = 'format'")
  connection.closeSync()
  instance.closeSync()
}

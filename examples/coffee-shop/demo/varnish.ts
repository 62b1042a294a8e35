import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const PROGRAM = '/usr/sbin/varnishd'
const START_MS = 30_000

/** What to run where `startVarnish` has nothing to start. */
export const HOW_TO_INSTALL = 'apt-get install varnish varnish-modules'

export const hasVarnish = (): boolean =>
  existsSync(PROGRAM) &&
  spawnSync('/bin/sh', ['-c', 'ls /usr/lib/*/varnish/vmods/libvmod_xkey.so']).status === 0

/** A private Varnish before an API, with the VCL of docs/cdn.md. */
export async function startVarnish(port: number, api: string): Promise<() => Promise<void>> {
  const page = readFileSync(new URL('../../../../docs/cdn.md', import.meta.url), 'utf8')
  const [, vcl = ''] = /```vcl\n(.*?)```/s.exec(page) ?? []
  const folder = mkdtempSync(join(tmpdir(), 'coffee-shop-varnish-'))
  const file = join(folder, 'shop.vcl')
  writeFileSync(file, vcl.replace('.port = "3000"', `.port = "${new URL(api).port}"`))
  // As root it would want to be in charge of accounts: it runs as Debian's own for it.
  const isRoot = process.getuid?.() === 0
  const account = isRoot ? { uid: idOf('-u'), gid: idOf('-g') } : {}
  if (isRoot) for (const path of [folder, file]) chownSync(path, idOf('-u'), idOf('-g'))
  const where = ['-n', folder, '-a', `127.0.0.1:${port}`, '-T', 'none', '-s', 'malloc,32m']
  const child = spawn(PROGRAM, ['-F', '-j', 'none', ...where, '-f', file], {
    ...account,
    cwd: folder,
    stdio: 'ignore',
  })
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit')
      child.kill('SIGTERM')
      await exit
    }
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await answering(child, `http://127.0.0.1:${port}/health`)
  } catch (error) {
    await stop()
    throw error
  }
  return stop
}

const idOf = (flag: string): number =>
  Number(spawnSync('id', [flag, 'vcache'], { encoding: 'utf8' }).stdout)

async function answering(child: ChildProcess, url: string): Promise<void> {
  for (const endMs = performance.now() + START_MS; performance.now() < endMs; await delay(50)) {
    if (child.exitCode !== null) break
    const answer = await fetch(url).catch(() => undefined)
    await answer?.arrayBuffer()
    if (answer?.ok === true) return
  }
  throw new Error('Varnish did not start')
}

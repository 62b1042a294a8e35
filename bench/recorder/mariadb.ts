import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { freePort } from '../cache/redis-server.js'

export interface MariaDb {
  readonly url: string
  stop(): Promise<void>
}

/** A MariaDB of the benchmark's own, on a free port of 127.0.0.1, with the table that the 20-query route reads. */
export async function benchMariaDb(): Promise<MariaDb> {
  const folder = mkdtempSync(join(tmpdir(), 'hotpath-bench-mariadb-'))
  const [data, start] = [`--datadir=${join(folder, 'data')}`, join(folder, 'start.sql')]
  writeFileSync(start, statements)
  const account = serverAccount()
  if (account !== undefined)
    for (const path of [folder, start]) chownSync(path, account.uid, account.gid)
  const env = { ...process.env, TMPDIR: folder }
  const options = { ...account, cwd: folder, env, stdio: 'ignore' as const }
  const install = ['--auth-root-authentication-method=normal', '--skip-test-db']
  execFileSync('mariadb-install-db', ['--no-defaults', data, ...install], options)
  const port = await freePort()
  const server = spawn(
    '/usr/sbin/mariadbd',
    [
      '--no-defaults',
      data,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      '--skip-name-resolve',
      `--socket=${join(folder, 'socket')}`,
      `--pid-file=${join(folder, 'pid')}`,
      `--init-file=${start}`,
    ],
    options,
  )
  const url = `mysql://app@127.0.0.1:${port}/app`
  await untilServing(url)
  return {
    url,
    async stop() {
      const exit = once(server, 'exit')
      server.kill()
      await exit
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** One statement a line. */
const statements = `create database app;
create user app@'127.0.0.1';
grant all on app.* to app@'127.0.0.1';
create table app.item (id int primary key, name text not null);
insert into app.item select seq, concat('item ', seq) from seq_1_to_1000;
`

/** It refuses to run as root. */
function serverAccount(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'mysql']))
  return { uid: id('-u'), gid: id('-g') }
}

async function untilServing(url: string): Promise<void> {
  for (const deadline = Date.now() + 60_000; ; ) {
    try {
      const connection = await createConnection(url)
      await connection.end()
      return
    } catch (error) {
      if (Date.now() > deadline) throw error
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }
}

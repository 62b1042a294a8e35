import { execFileSync, type ExecFileSyncOptions } from 'node:child_process'
import { join } from 'node:path'
import { fillFolder } from '@hotpath/test/filled'
import { missing, type Place, type Server, startServer } from './server.js'

/** Where Debian puts it. */
const PROGRAM = '/usr/sbin/mariadbd'

export interface MariaDb extends Server {
  /** `mysql://app@127.0.0.1:PORT/app`, no password; `root` has none either. */
  readonly url: string
}

/** Why there is no MariaDB to test with; undefined when there is, or could be installed. */
export const missingMariaDb = (): string | undefined => missing(PROGRAM, 'mariadb-server')

/** A MariaDB of the test's own, which speaks TLS to who wants it. `settings` are options of its command line. */
export async function startMariaDb(settings: readonly string[] = []): Promise<MariaDb> {
  const server = await startServer({
    program: PROGRAM,
    user: 'mysql',
    stopSignal: 'SIGTERM',
    greets: true,
    prepare: place => [...prepared(place), ...settings],
  })
  return { ...server, url: `mysql://app@127.0.0.1:${server.port}/app` }
}

function prepared({ port, folder, write, options }: Place): string[] {
  const data = join(folder, 'data')
  const silent: ExecFileSyncOptions = {
    ...options,
    stdio: ['ignore', 'ignore', 'pipe'],
    // Its temporary tables are named after its process: two containers that share /tmp meet there.
    env: { ...process.env, TMPDIR: folder },
  }
  initialise(data, silent)
  // One statement a line.
  const start = write(
    'start.sql',
    `create database if not exists app;
create user app@'127.0.0.1';
grant all on app.* to app@'127.0.0.1';
create user root@'127.0.0.1';
grant all on *.* to root@'127.0.0.1' with grant option;
`,
  )
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=127.0.0.1']
  execFileSync('openssl', [...request, '-keyout', key, '-out', certificate], silent)
  return [
    '--no-defaults',
    `--datadir=${data}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    '--skip-name-resolve',
    `--socket=${join(folder, 'socket')}`,
    `--pid-file=${join(folder, 'pid')}`,
    // As it starts it removes temporary tables from here: in /tmp also those that another one is using, which crashes.
    `--tmpdir=${folder}`,
    `--init-file=${start}`,
    `--ssl-key=${key}`,
    `--ssl-cert=${certificate}`,
    '--innodb-flush-log-at-trx-commit=0',
  ]
}

/** The tables of a new server: a script and a server of its own make them in seconds. */
function initialise(data: string, options: ExecFileSyncOptions): void {
  const settings = ['--auth-root-authentication-method=normal', '--skip-test-db']
  fillFolder(data, PROGRAM, [settings, options.uid, options.gid], () =>
    execFileSync(
      'mariadb-install-db',
      ['--no-defaults', `--datadir=${data}`, ...settings],
      options,
    ),
  )
}

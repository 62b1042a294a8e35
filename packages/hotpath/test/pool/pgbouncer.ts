import { missing, type Server, startServer } from './server.js'

/** Where Debian puts it. */
const PROGRAM = '/usr/sbin/pgbouncer'

/** Why there is no pgbouncer to test with; undefined when there is, or could be installed. */
export const missingPgBouncer = (): string | undefined => missing(PROGRAM, 'pgbouncer')

/** A pgbouncer in transaction mode before the server on `target`, with two connections to it. */
export function startPgBouncer(target: number): Promise<Server> {
  return startServer({
    program: PROGRAM,
    user: 'postgres',
    stopSignal: 'SIGINT',
    prepare({ port, write }) {
      const users = write('users.txt', '"postgres" ""\n')
      const config = write(
        'pgbouncer.ini',
        `[databases]
* = host=127.0.0.1 port=${target}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${users}
pool_mode = transaction
default_pool_size = 2
`,
      )
      return ['-q', config]
    },
  })
}

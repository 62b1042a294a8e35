import type { MysqlLender } from '../pool/share/mysql2/lender.js'
import type { Command, Handshake, MysqlConnection } from '../pool/share/mysql2/shapes.js'
import { sharing } from '../pool/use.js'
import { contained } from '../trace/counts.js'
import { onModule } from '../trace/module-load.js'
import { recorder } from '../trace/recorder.js'
import { replace } from './replace.js'

/**
 * Gates the first and the last command of every connection of mysql2 3. The first begins within the
 * connection's constructor, when its socket has not begun to connect; the last, when all that the app
 * asked for has been answered.
 */
export function gateMysql2Share(): void {
  onModule('/mysql2/lib/commands/client_handshake.js', exports => gateHandshake(exports as never))
  onModule('/mysql2/lib/commands/quit.js', exports => gateQuit(exports as never))
}

function gateHandshake(ClientHandshake: { readonly prototype: object }): void {
  replace(
    ClientHandshake.prototype,
    'start',
    original =>
      function start(packet, connection) {
        const waiting = shared(lender =>
          lender.connect(this as Handshake, connection as MysqlConnection),
        )
        return waiting ?? original.call(this, packet, connection)
      },
  )
}

function gateQuit(Quit: { readonly prototype: object }): void {
  replace(
    Quit.prototype,
    'start',
    original =>
      function start(packet, connection) {
        const stays = shared(lender => lender.end(connection as MysqlConnection))
        if (stays !== true) return original.call(this, packet, connection)
        ;(connection as MysqlConnection)._closing = true
        const { onResult } = this as Command
        if (typeof onResult === 'function') onResult.call(this)
        return null
      },
  )
}

function shared<T>(ask: (lender: MysqlLender) => T): T | undefined {
  const { mysqlLender } = sharing
  if (mysqlLender === undefined || !recorder.enabled) return undefined
  return contained('gate.mysql2-share', () => ask(mysqlLender))
}

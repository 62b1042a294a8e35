import { elsewhere } from '../cache/elsewhere.js'
import { type Doing, doingOf, givesRows } from '../sql/doing.js'
import { contained } from '../trace/counts.js'
import { inContext } from '../trace/in-context.js'
import { onModule } from '../trace/module-load.js'
import { recorder } from '../trace/recorder.js'
import { goesOn, listenerOf, type MysqlCommand, type MysqlConnection } from './mysql2-spans.js'
import type { Callback } from './pg-types.js'
import { replace } from './replace.js'

/** The app may replace the global timers; ours must be real. */
const { setTimeout } = globalThis

/** A statement whose answer did not come may still be at work: it is told again after these. */
export const AGAIN_MS = [100, 1_000, 10_000]

/** Where a connection stands, as far as its statements tell. */
interface Lane {
  /** A transaction is open: it reads what nobody else sees. */
  open: boolean
  /** `set autocommit = 0`: one always is. */
  always: boolean
  /** Something was written that may not be committed yet. */
  written: boolean
}

const lanes = new WeakMap<object, Lane>()
const doings = new WeakMap<MysqlCommand, Doing>()

/**
 * Gates the commands of mysql2 3: their spans are told how they go on. Where something depends on what is
 * read: when a statement is sent, what it may read is noted; before the app hears that it is done, all that
 * was read of MySQL is old if it may have written.
 */
export function gateMysql2Statements(): void {
  onModule('/mysql2/lib/commands/command.js', exports => gateCommand(exports as never))
}

function gateCommand(Command: { readonly prototype: object }): void {
  replace(
    Command.prototype,
    'execute',
    original =>
      function execute(packet, connection) {
        const command = this as MysqlCommand
        goesOn(command, packet, connection as MysqlConnection)
        if (recorder.enabled && elsewhere().watched)
          contained('gate.mysql2', () => {
            if (packet === undefined) sends(command, connection as object)
            else answered(command, connection as object)
          })
        const listener = listenerOf(command)
        if (listener === undefined) return original.call(this, packet, connection)
        return inContext(listener.caller, original, this, [packet, connection])
      },
  )
}

function sends(command: MysqlCommand, connection: object): void {
  // A command is asked to go on for each packet; without one it begins.
  if (command.next) return
  const text = command.sql ?? command.statement?.query
  if (typeof text !== 'string') {
    // Such a connection is as new.
    if (/^(?:ChangeUser|ResetConnection)$/.test(command.constructor.name)) lanes.delete(connection)
    return
  }
  const doing = doingOf(text, 'mysql')
  const lane = laneOf(connection)
  doings.set(command, doing)
  if (givesRows(text)) elsewhere().of('mysql').read(lane.open)
  if (doing === 'writes' || doing === 'changes') lane.written = true
  const tells = lane.written && doing !== 'reads'
  if (doing === 'begins') lane.open = true
  if (doing === 'sets') follow(lane, text)
  if (doing === 'ends') lane.open = lane.always || /\bchain\b/i.test(text)
  if (tells && typeof command.onResult === 'function') tellFirst(command, doing)
}

/** Without a callback the app hears of each packet. */
function answered(command: MysqlCommand, connection: object): void {
  const doing = doings.get(command)
  if (doing === undefined || doing === 'reads') return
  const lane = laneOf(connection)
  if (lane.written && typeof command.onResult !== 'function') wrote(doing)
  if (doing === 'begins' || doing === 'ends') lane.written = false
}

/** All that was read is old before the app hears how the statement ended. */
function tellFirst(command: MysqlCommand, doing: Doing): void {
  const original = command.onResult as Callback
  command.onResult = function (this: unknown, ...args: unknown[]) {
    contained('gate.mysql2', () => {
      wrote(doing)
      if (isUncertain(args[0]))
        for (const afterMs of AGAIN_MS) setTimeout(() => wrote(doing), afterMs).unref()
    })
    return original.apply(this, args)
  }
}

/** It failed, and not by the server's word. */
function isUncertain(error: unknown): boolean {
  return Boolean(error) && (error as { sqlState?: unknown }).sqlState === undefined
}

const wrote = (doing: Doing): void =>
  elsewhere()
    .of('mysql')
    .wrote(doing === 'changes')

function follow(lane: Lane, text: string): void {
  const [, to] = /\bautocommit\s*=\s*(\w+)/i.exec(text) ?? []
  if (to === undefined) return
  lane.always = /^(?:0|off|false)$/i.test(to)
  lane.open = lane.always
}

function laneOf(connection: object): Lane {
  let lane = lanes.get(connection)
  if (lane === undefined) {
    lane = { open: false, always: false, written: false }
    lanes.set(connection, lane)
  }
  return lane
}

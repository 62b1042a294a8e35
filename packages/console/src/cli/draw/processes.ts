import type { GaugeKey, ProcessesAnswer, ProcessRow } from '../../api/answers.js'
import { bytes, count, counted, duration, percent } from '../../diagnose/figures.js'
import { emptyWindow, heading, nextSteps, notes } from './frame.js'
import type { Screen } from './screen.js'
import { type Column, table } from './table.js'
import { middle, plain, wrap } from './text.js'

/** More rows scroll the first ones away. */
const shownRows = 30
/** After this long without a word a process may have ended. */
const silentMs = 30_000
/** From here on requests wait for the event loop more than it works for any of them. */
const busyLoop = 0.9

/** How each process does: the one that uses the most processor time first, the silent ones last. */
export function drawProcesses(answer: ProcessesAnswer, screen: Screen): string[] {
  const all = answer.processes.map(row => stateOf(row, answer.untilMs)).sort(byUse)
  const [first] = all
  const head = heading(answer, counted(all.length, 'process', 'processes'), screen)
  if (first === undefined) return [head, ...emptyWindow(answer, screen)]
  const several = answer.services.length > 1 && answer.service === null
  const silent = all.some(({ silentForMs }) => silentForMs > 0)
  const columns: Column[] = [
    { title: 'PROCESS', tone: 'strong' },
    { title: several ? 'SERVICE' : 'HOST', flexible: true, tone: 'quiet' },
    { title: 'CPU', align: 'right' },
    { title: 'MEMORY', align: 'right' },
    { title: 'LOOP P99', align: 'right' },
    { title: 'LOOP USE', align: 'right' },
    { title: 'POOL', align: 'right' },
    ...(silent ? [{ title: 'SILENT', align: 'right', tone: 'quiet' } as const] : []),
  ]
  const rows = all
    .slice(0, shownRows)
    .map(state => [
      nameOf(state.row),
      plain(several ? state.row.service : (state.row.host ?? '')),
      said(state.last('cpu'), percent),
      said(state.last('memory') ?? state.last('heap'), bytes),
      said(state.last('loopDelayP99'), duration),
      said(state.last('loopUtilization'), percent),
      poolOf(state),
      ...(silent ? [silenceOf(state)] : []),
    ])
  return [
    head,
    ...wrap(verdictOf(all), screen.columns - 2).map(line => `  ${line}`),
    '',
    ...table(columns, rows, screen),
    ...footnotes(all.length, rows, screen),
    ...notes(answer.notes, screen),
    ...nextSteps(['hotpath findings', 'hotpath routes'], screen),
  ]
}

interface State {
  readonly row: ProcessRow
  /** 0 while it speaks. */
  readonly silentForMs: number
  /** The figure that came last; null when none came. */
  last(key: GaugeKey): number | null
}

function stateOf(row: ProcessRow, untilMs: number): State {
  const quietMs = untilMs - row.lastMs
  return {
    row,
    silentForMs: quietMs > silentMs ? quietMs : 0,
    last: key => row.gauges[key]?.findLast(value => value !== null) ?? null,
  }
}

function byUse(a: State, b: State): number {
  const silence = a.silentForMs - b.silentForMs
  return silence === 0 ? (b.last('cpu') ?? 0) - (a.last('cpu') ?? 0) : silence
}

/** What holds requests up, if anything does: a pool, else an event loop, else who works the most. */
function verdictOf(all: readonly State[]): string {
  const live = all.filter(({ silentForMs }) => silentForMs === 0)
  const waits = most(live, 'poolPending')
  if (waits !== undefined && waits.value > 0)
    return `In ${whoOf(waits.state)} ${counted(waits.value, 'request waits', 'requests wait')} for a connection of the pool.`
  const loop = most(live, 'loopUtilization')
  if (loop !== undefined && loop.value >= busyLoop)
    return `The event loop of ${whoOf(loop.state)} is busy ${percent(loop.value)} of the time: requests wait for it.`
  const cpu = most(live, 'cpu')
  if (cpu !== undefined)
    return `The busiest is ${whoOf(cpu.state)}, with ${percent(cpu.value)} of one processor.`
  return live.length === 0
    ? 'All of them are silent: none said anything in the last 30 s.'
    : 'None of them says how it is: the recorder does, and OpenTelemetry’s runtime metrics.'
}

/** The state with the highest figure. */
function most(
  states: readonly State[],
  key: GaugeKey,
): { readonly state: State; readonly value: number } | undefined {
  return states
    .flatMap(state => {
      const value = state.last(key)
      return value === null ? [] : [{ state, value }]
    })
    .sort((a, b) => b.value - a.value)[0]
}

const whoOf = ({ row }: State): string =>
  `process ${nameOf(row)} of ${middle(plain(row.service), 24)}`

const nameOf = ({ pid, instance }: ProcessRow): string =>
  pid === null ? plain(instance).slice(0, 8) : `${pid}`

const said = (value: number | null, say: (value: number) => string): string =>
  value === null ? '–' : say(value)

function poolOf({ last }: State): string {
  const [used, allowed, waiting] = [last('poolUsed'), last('poolMax'), last('poolPending')]
  if (used === null) return '–'
  return `${count(used)}${allowed === null ? '' : `/${count(allowed)}`}${waiting ? ` +${count(waiting)}` : ''}`
}

/** In whole minutes from one minute on. */
function silenceOf({ silentForMs }: State): string {
  const unitMs = silentForMs < 60_000 ? 1_000 : 60_000
  return silentForMs === 0 ? '' : duration(Math.floor(silentForMs / unitMs) * unitMs)
}

function footnotes(
  processes: number,
  rows: readonly (readonly string[])[],
  { paint }: Screen,
): string[] {
  const left = processes - rows.length
  return [
    ...(left > 0
      ? [`${counted(left, 'more process', 'more processes')}: --json has them all.`]
      : []),
    ...(rows.some(row => row.includes('–')) ? ['– not said by its telemetry.'] : []),
  ].map(line => `  ${paint('quiet', line)}`)
}

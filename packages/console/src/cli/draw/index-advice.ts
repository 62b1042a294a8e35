import type { Advice, Creation, Drop, None, Rebuild, Served } from '../../advise/advice.js'
import type { Applied } from '../../advise/apply.js'
import type { Receipt } from '../../advise/receipt.js'
import { bytes, count, counted, duration } from '../../diagnose/figures.js'
import { notes } from './frame.js'
import type { Screen } from './screen.js'
import { middle, plain, shortSql, wrap } from './text.js'

/** What to make, what to drop, what to leave, and what asking cost. */
export function drawAdvice(advice: Advice, screen: Screen): string[] {
  const { database, workload, create, drop, rebuild = [], load } = advice
  const { paint, columns } = screen
  // That it is served already is no news.
  const none = advice.none.filter(({ reason }) => reason !== 'served already')
  const head = ` · ${counted(workload.statements, 'statement')} of ${plain(workload.source)} · ${counted(Math.round(workload.calls), 'call')}`
  return [
    paint('strong', middle(plain(database), Math.max(12, columns - head.length))) + head,
    ...wrap(summary(advice), columns - 2).map(line => `  ${line}`),
    ...create.flatMap((one, at) => ['', ...drawCreation(one, at + 1, screen)]),
    ...(drop.length === 0
      ? []
      : ['', `  ${paint('strong', 'To drop')}`, ...drop.flatMap(one => drawDrop(one, screen))]),
    ...(rebuild.length === 0
      ? []
      : [
          '',
          `  ${paint('strong', 'To rebuild')}`,
          ...rebuild.flatMap(one => drawRebuild(one, screen)),
        ]),
    ...(none.length === 0
      ? []
      : [
          '',
          `  ${paint('strong', 'No index for')}`,
          ...none.slice(0, 8).flatMap(one => drawNone(one, screen)),
        ]),
    ...(none.length > 8
      ? [`  ${paint('quiet', `and ${none.length - 8} more: --json has them.`)}`]
      : []),
    ...skipped(advice, screen),
    ...notes(advice.notes, screen),
    '',
    ...wrap(
      `Asked ${counted(load.questions, 'question')} in ${duration(load.ms)}, among them ${counted(load.plans, 'plan')} for ${counted(load.candidates, 'candidate')}; ${by[load.verifiedBy]}.`,
      columns - 2,
    ).map(line => `  ${paint('quiet', line)}`),
    ...howToGoOn(advice),
  ]
}

function howToGoOn({ create, drop, rebuild = [] }: Advice): string[] {
  const tried = create.filter(({ verified }) => verified !== 'none')
  if (tried.length + drop.length + rebuild.length === 0) return []
  const leaves = tried.length < create.length ? ['  What was not tried they leave out.'] : []
  return [
    '',
    '  The same with --apply does it now; with --migration sql it prints the file.',
    ...leaves,
  ]
}

const by = {
  hypopg: 'tried by hypopg, nothing was made',
  copy: 'tried on the copy, where nothing is left of it',
  none: 'nothing was tried: that takes a copy (--copy), or hypopg in PostgreSQL',
} as const

function summary({ create, drop, rebuild = [], cost, none }: Advice): string {
  if (create.length + drop.length + rebuild.length === 0)
    return none.length === 0 ? 'Nothing to do.' : 'No index to make and none to drop.'
  const falls = cost.before > 0 ? 1 - cost.after / cost.before : 0
  const to = [
    ...(create.length === 0 ? [] : [`${counted(create.length, 'index', 'indexes')} to make`]),
    ...(drop.length === 0 ? [] : [`${drop.length} to drop`]),
    ...(rebuild.length === 0 ? [] : [`${rebuild.length} to rebuild`]),
  ].join(', ')
  return falls < 0.005
    ? `${to}.`
    : `${to}: by the planner, all calls together cost ${part(falls)} less.`
}

function drawCreation(one: Creation, number: number, screen: Screen): string[] {
  const { paint, columns } = screen
  const [first] = one.serves
  const measured = first?.ms
  const facts = [
    ...(first === undefined || one.saved === null
      ? []
      : [
          measured
            ? `${duration(measured.before)} → ${duration(measured.after)} a call`
            : `cost ${costs(first)}`,
        ]),
    ...(one.bytes === null ? [] : [bytes(one.bytes)]),
    `a row's write +${Math.round(one.write.percent)} %`,
    ...(one.reached === null ? [] : [`${part(one.reached)} of the gain reached`]),
    ...(one.verified === 'none' ? [one.saved === null ? 'not tried' : 'estimated, not tried'] : []),
  ].join(' · ')
  return [
    `  ${paint('hot', `${number}`)}  ${paint('strong', plain(`${one.table} ${one.definition}`))}`,
    ...wrap(facts, columns - 5).map(line => `     ${line}`),
    ...wrap(`${one.why[0]?.toUpperCase()}${one.why.slice(1).replace(/\.$/, '')}.`, columns - 5).map(
      line => `     ${paint('quiet', plain(line))}`,
    ),
    ...one.serves.slice(0, 4).flatMap(served => drawServed(served, one, screen)),
    ...(one.serves.length > 4
      ? [`     ${paint('quiet', `and ${counted(one.serves.length - 4, 'more statement')}`)}`]
      : []),
    ...one.sql
      .slice(0, 5)
      .flatMap(sql =>
        wrap(`${sql};`, columns - 5).map(line => `     ${paint('code', plain(line))}`),
      ),
    ...(one.sql.length > 5
      ? [
          `     ${paint('quiet', `and ${one.sql.length - 5} more for its partitions: --migration sql has all.`)}`,
        ]
      : []),
  ]
}

function drawServed(
  { statement, routes, cost, calls }: Served,
  { saved }: Creation,
  { columns, paint }: Screen,
): string[] {
  const gain =
    saved === null ? '' : `  ${count(Math.round(cost.before))} → ${count(Math.round(cost.after))}`
  const times = `${count(Math.round(calls))}×`
  const text = middle(
    shortSql(plain(statement.replaceAll(/\s+/g, ' '))),
    columns - 9 - gain.length - times.length,
  )
  return [
    `     ${paint('quiet', times)}  ${text}${gain}`,
    ...routes.slice(0, 3).map(({ route, p50Ms, predictedMs }) => {
      const how =
        p50Ms === undefined || predictedMs === undefined
          ? ''
          : `: half of its requests in ${duration(p50Ms)}, then in about ${duration(predictedMs)}`
      return `       ${middle(plain(route), columns - 8 - how.length)}${how}`
    }),
  ]
}

const costs = ({ cost }: Served): string =>
  `${count(Math.round(cost.before))} → ${count(Math.round(cost.after))}`

function drawDrop(
  { name, table, reason, why, sql, bytes: size }: Drop,
  { columns, paint }: Screen,
): string[] {
  return [
    `    ${paint('strong', plain(name))} on ${plain(table)} · ${reason}${size === null ? '' : ` · ${bytes(size)}`}`,
    ...wrap(why, columns - 6).map(line => `      ${paint('quiet', plain(line))}`),
    ...wrap(`${sql};`, columns - 6).map(line => `      ${paint('code', plain(line))}`),
  ]
}

function drawRebuild(
  { name, table, why, sql, bytes: size, expected }: Rebuild,
  { columns, paint }: Screen,
): string[] {
  return [
    `    ${paint('strong', plain(name))} on ${plain(table)} · ${bytes(size)}, new ${bytes(expected)}`,
    ...wrap(why, columns - 6).map(line => `      ${paint('quiet', plain(line))}`),
    ...wrap(`${sql};`, columns - 6).map(line => `      ${paint('code', plain(line))}`),
  ]
}

function drawNone({ statement, calls, reason, why }: None, { columns, paint }: Screen): string[] {
  const text = `${count(Math.round(calls))}×  ${shortSql(plain(statement.replaceAll(/\s+/g, ' ')))}`
  return [
    `    ${middle(text, columns - 4)}`,
    ...wrap(`${reason}: ${why}`, columns - 6).map(line => `      ${paint('quiet', plain(line))}`),
  ]
}

function skipped({ workload }: Advice, { columns, paint }: Screen): string[] {
  const [first] = workload.skipped
  if (first === undefined) return []
  const others = workload.skipped.length - 1
  const sentence = `Left out: ${shortSql(plain(first.statement.slice(0, 60)))} (${plain(first.reason)})${others > 0 ? `, and ${others} more: --json has them` : ''}.`
  return ['', ...wrap(sentence, columns - 2).map(line => `  ${paint('quiet', line)}`)]
}

/** What `--apply` did, one line each, and what the planner says of it. */
export function drawApplied(
  { applied, receipt, file }: { applied: readonly Applied[]; receipt: Receipt; file: string },
  { paint, columns }: Screen,
): string[] {
  if (applied.length === 0) return ['Nothing to make and nothing to drop.']
  const tones = { done: 'good', failed: 'bad', left: 'quiet' } as const
  return [
    ...applied.flatMap(({ name, what, outcome, ms, why }) => [
      `  ${paint(tones[outcome], outcome.padEnd(6))}  ${what} ${plain(name)}${ms === undefined ? '' : ` in ${duration(ms)}`}`,
      ...(why === undefined ? [] : wrap(plain(why), columns - 10).map(line => `          ${line}`)),
    ]),
    ...receipt.statements.slice(0, 10).map(({ statement, before, predicted, now }) => {
      const costs = `  ${figure(before)} → ${now === null ? 'unknown' : figure(now)} (predicted ${figure(predicted)})`
      return `  ${middle(shortSql(plain(statement.replaceAll(/\s+/g, ' '))), columns - 2 - costs.length)}${costs}`
    }),
    ...receipt.routes.map(one => {
      const figures = `  ${routeFigures(one)}`
      return `  ${middle(plain(one.route), columns - 2 - figures.length)}${figures}`
    }),
    `  ${paint('quiet', `The planner's costs with the real indexes; the receipt is ${file}.`)}`,
  ]
}

/** Half of its requests are faster. */
function routeFigures({
  beforeMs,
  predictedMs,
  measuredMs,
  requests,
}: Receipt['routes'][number]): string {
  const predicted = predictedMs === null ? '' : ` (predicted ${duration(predictedMs)})`
  const before = beforeMs === null ? '' : `${duration(beforeMs)} → `
  const now =
    measuredMs === null
      ? `not measured, ${requests === 0 ? 'no request came' : `only ${counted(requests, 'request')} came`}`
      : duration(measuredMs)
  return `p50 ${before}${now}${predicted}`
}

const figure = (cost: number): string => count(Math.round(cost))

const part = (share: number): string => `${Math.round(share * 100)} %`

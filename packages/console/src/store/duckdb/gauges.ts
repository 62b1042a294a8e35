import {
  type DuckDBConnection,
  type DuckDBValue,
  INTEGER,
  LIST,
  listValue,
  VARCHAR,
} from '@duckdb/node-api'
import type { Attributes, GaugeName } from '../../model.js'
import type { GaugeQuery, GaugeSeries, ProcessState, Window } from '../store.js'
import { columns } from './database.js'
import { nanoseconds, ofService, pointInWindow, spanInWindow, windowParameters } from './window.js'

/** The figures of all processes by step. A point counts in the step in which it ends. */
export async function readGauges(
  connection: DuckDBConnection,
  query: GaugeQuery,
): Promise<GaugeSeries[]> {
  const { stepMs } = query
  const originMs = Math.floor(query.sinceMs / stepMs) * stepMs
  const [name = [], service, instance, attributes, step, value] = await columns(
    connection,
    `select s.metric, o.service, o.instance, s.attributes,
       ((p.end_ns - 1 - $since) // $step::bigint) as step,
       case when s.metric = 'process.cpu.time'
         then sum(p.value) / (sum(p.end_ns - p.start_ns) / 1e9) else avg(p.value) end as value
     from gauges p join series s on s.id = p.series join sources o on o.id = p.source
     where ${ofService('o')} and ${pointInWindow('p')}
       and (s.metric <> 'process.cpu.time' or p.end_ns > p.start_ns)
       and (len($names) = 0 or list_contains($names, s.metric))
     group by s.metric, o.service, o.instance, s.attributes, step
     order by s.metric, o.service, o.instance, s.attributes, step`,
    {
      ...windowParameters({ ...query, sinceMs: originMs }),
      step: nanoseconds(stepMs),
      names: listValue(query.names ?? []),
    },
    { names: LIST(VARCHAR) },
  )
  const series: { key: string; found: GaugeSeries; steps: GaugeSeries['steps'][number][] }[] = []
  for (const [i, metric] of name.entries()) {
    const key = JSON.stringify([metric, service?.[i], instance?.[i], attributes?.[i]])
    if (series.at(-1)?.key !== key) {
      const steps: GaugeSeries['steps'][number][] = []
      const found = {
        name: String(metric) as GaugeName,
        service: String(service?.[i]),
        instance: String(instance?.[i]),
        attributes: JSON.parse(String(attributes?.[i])) as Attributes,
        steps,
      }
      series.push({ key, found, steps })
    }
    const startMs = originMs + Number(step?.[i]) * stepMs
    series.at(-1)?.steps.push({ startMs, value: Number(value?.[i]) })
  }
  return series.map(({ found }) => found)
}

/**
 * Who sent anything in the window, and what is known of them. Entries and points nearly always tell; spans,
 * of which there are ten times as many, are searched for the processes that are left.
 */
export async function readProcesses(
  connection: DuckDBConnection,
  window: Window,
): Promise<ProcessState[]> {
  const points = ['points', 'counters', 'gauges'].map(
    table => `select source, end_ns as ns from ${table} p where ${pointInWindow('p')}`,
  )
  const values = { ...windowParameters(window) }
  const told = await columns(
    connection,
    processesOf(`select source, start_ns as ns from entries p where ${spanInWindow('p')}
      union all ${points.join(' union all ')}`),
    values,
  )
  const [all = []] = await columns(
    connection,
    `select count(*) from sources o where ${ofService('o')}`,
    { service: values.service },
  )
  const found = statesOf(told)
  if (found.length === Number(all[0])) return found
  const left = await columns(
    connection,
    processesOf(`select source, start_ns as ns from spans p
      where ${spanInWindow('p')} and not list_contains($found, source)`),
    { ...values, found: listValue(told[0] ?? []) },
    { found: LIST(INTEGER) },
  )
  return [...found, ...statesOf(left)].sort((a, b) =>
    JSON.stringify([a.service, a.instance]) < JSON.stringify([b.service, b.instance]) ? -1 : 1,
  )
}

/** `sent` has a row with `source` and `ns` for all that was sent. */
const processesOf = (sent: string): string => `with sent as (${sent}), seen as (
     select source, min(ns) as first_ns, max(ns) as last_ns from sent group by source
   )
   select seen.source, o.service, o.instance, i.pid, i.host, i.runtime, first_ns, last_ns
   from seen join sources o on o.id = seen.source left join processes i on i.source = seen.source
   where ${ofService('o')} order by o.service, o.instance`

function statesOf(found: readonly DuckDBValue[][]): ProcessState[] {
  const [, service = [], instance, pid, host, runtime, first, last] = found
  return service.map((name, i) => ({
    service: String(name),
    instance: String(instance?.[i]),
    ...(typeof pid?.[i] === 'bigint' ? { pid: Number(pid[i]) } : {}),
    ...text('host', host?.[i]),
    ...text('runtime', runtime?.[i]),
    firstMs: milliseconds(first?.[i]),
    lastMs: milliseconds(last?.[i]),
  }))
}

const text = <Name extends string>(
  name: Name,
  value: DuckDBValue | undefined,
): { [key in Name]?: string } =>
  typeof value === 'string' ? ({ [name]: value } as { [key in Name]: string }) : {}

const milliseconds = (ns: DuckDBValue | undefined): number => Number(ns as bigint) / 1e6

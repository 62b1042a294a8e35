import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api'
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
     group by s.metric, o.service, o.instance, s.attributes, step
     order by s.metric, o.service, o.instance, s.attributes, step`,
    { ...windowParameters({ ...query, sinceMs: originMs }), step: nanoseconds(stepMs) },
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

/** Who sent anything in the window, and what is known of them. */
export async function readProcesses(
  connection: DuckDBConnection,
  window: Window,
): Promise<ProcessState[]> {
  const points = ['points', 'counters', 'gauges'].map(
    table => `select source, end_ns as ns from ${table} p where ${pointInWindow('p')}`,
  )
  const [service = [], instance, pid, host, runtime, first, last] = await columns(
    connection,
    `with sent as (
       select source, start_ns as ns from spans p where ${spanInWindow('p')}
       union all ${points.join(' union all ')}
     ), seen as (
       select source, min(ns) as first_ns, max(ns) as last_ns from sent group by source
     )
     select o.service, o.instance, i.pid, i.host, i.runtime, first_ns, last_ns
     from seen join sources o on o.id = seen.source left join processes i on i.source = seen.source
     where ${ofService('o')} order by o.service, o.instance`,
    { ...windowParameters(window) },
  )
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

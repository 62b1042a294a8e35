import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api'
import { LIST, listValue, VARCHAR } from './api.js'
import type { Attributes, GaugeName } from '../../model.js'
import type { GaugeQuery, GaugeSeries, ProcessState, Window } from '../store.js'
import type { Bounds } from './bounds.js'
import { columns } from './database.js'
import type { Dictionary } from './dictionary.js'
import { haveSent, type KnownPast, sentIn } from './senders.js'
import { nanoseconds, ofService, pointInWindow, windowParameters } from './window.js'

/** The figures of all processes by step. A point counts in the step in which it ends. */
export async function readGauges(
  connection: DuckDBConnection,
  { bounds }: { readonly bounds: Bounds },
  query: GaugeQuery,
): Promise<GaugeSeries[]> {
  const { stepMs } = query
  const originMs = Math.floor(query.sinceMs / stepMs) * stepMs
  const window = windowParameters({ ...query, sinceMs: originMs })
  if (!bounds.reach('gauges', window)) return []
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
      ...window,
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

/** Who sent anything in the window, and what is known of them. */
export async function readProcesses(
  connection: DuckDBConnection,
  known: KnownPast,
  window: Window,
): Promise<ProcessState[]> {
  const [source = [], names, instance, pid, host, runtime, version] = await columns(
    connection,
    `select o.id, o.service, o.instance, i.pid, i.host, i.runtime, i.version
     from sources o left join processes i on i.source = o.id
     where ${ofService('o')} order by o.service, o.instance`,
    { service: windowParameters(window).service },
  )
  const sent = await sentIn(connection, known, window, source.map(Number))
  return source.flatMap((id, i) => {
    const times = sent.get(Number(id))
    if (times === undefined) return []
    return {
      service: String(names?.[i]),
      instance: String(instance?.[i]),
      ...(typeof pid?.[i] === 'bigint' ? { pid: Number(pid[i]) } : {}),
      ...text('host', host?.[i]),
      ...text('runtime', runtime?.[i]),
      ...text('version', version?.[i]),
      firstMs: milliseconds(times[0]),
      lastMs: milliseconds(times[1]),
    }
  })
}

/** Services that sent anything in the window, by name. */
export async function readServices(
  connection: DuckDBConnection,
  known: KnownPast & { readonly dictionary: Dictionary },
  window: Window,
): Promise<string[]> {
  const sources = known.dictionary.sources(window.service)
  const sent = await haveSent(
    connection,
    known,
    window,
    sources.map(({ id }) => id),
  )
  return [...new Set(sources.filter(({ id }) => sent.has(id)).map(({ service }) => service))]
}

const text = <Name extends string>(
  name: Name,
  value: DuckDBValue | undefined,
): { [key in Name]?: string } =>
  typeof value === 'string' ? ({ [name]: value } as { [key in Name]: string }) : {}

const milliseconds = (ns: bigint): number => Number(ns) / 1e6

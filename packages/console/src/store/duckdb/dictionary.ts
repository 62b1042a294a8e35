import type { DuckDBConnection } from '@duckdb/node-api'
import type { ProcessInfo } from '../../model.js'
import { columns } from './database.js'

/**
 * Series of one service and metric that are kept apart. A sender that puts literals into its
 * statements makes a new series with each; what comes after this many is counted under
 * `overflowAttributes`, the name that OpenTelemetry's SDKs use for the same.
 */
export const seriesLimit = 5_000
export const overflowAttributes = '{"otel.metric.overflow":true}'

/** Some 10 MB. */
const pairsLimit = 200_000

/** A process by its number. */
interface Source {
  readonly id: number
  readonly service: string
  readonly instance: string
}

/** Numbers for sources (a process) and series (a set of attributes), in memory and in the file. */
export class Dictionary {
  readonly #connection: DuckDBConnection
  readonly #sources = new Map<string, number>()
  readonly #named: Source[] = []
  #sorted = false
  readonly #series = new Map<string, number>()
  readonly #seriesPerService = new Map<string, number>()
  readonly #newSources: [id: number, service: string, instance: string][] = []
  readonly #newSeries: [number, string, string, string, boolean][] = []
  /** What was said of each source, as text to compare by. */
  readonly #processes = new Map<number, string>()
  readonly #newProcesses = new Map<number, ProcessInfo>()
  /** What has sent which series since the file was read, as one number each. */
  readonly #pairs = new Set<number>()
  #hasNewPairs = false
  #nextSource = 1
  #nextSeries = 1

  constructor(connection: DuckDBConnection) {
    this.#connection = connection
  }

  /** Reads what the file has; to be called again after a rollback or a prune. */
  async load(): Promise<void> {
    this.#sources.clear()
    this.#named.length = 0
    this.#series.clear()
    this.#seriesPerService.clear()
    this.#newSources.length = 0
    this.#newSeries.length = 0
    this.#processes.clear()
    this.#newProcesses.clear()
    this.#pairs.clear()
    this.#nextSource = 1
    this.#nextSeries = 1
    const sources = await columns(this.#connection, 'select service, instance, id from sources')
    for (const [i, id] of (sources[2] ?? []).entries()) {
      const [service, instance] = [String(sources[0]?.[i]), String(sources[1]?.[i])]
      this.#sources.set(key(service, instance), Number(id))
      this.#named.push({ id: Number(id), service, instance })
      this.#sorted = false
      this.#nextSource = Math.max(this.#nextSource, Number(id) + 1)
    }
    const series = await columns(
      this.#connection,
      'select metric, service, attributes, sampled, id from series',
    )
    for (const [i, id] of (series[4] ?? []).entries()) {
      const [metric, service] = [String(series[0]?.[i]), String(series[1]?.[i])]
      this.#series.set(key(metric, service, series[2]?.[i], series[3]?.[i]), Number(id))
      this.#count(metric, service)
      this.#nextSeries = Math.max(this.#nextSeries, Number(id) + 1)
    }
    const said = await columns(
      this.#connection,
      'select source, pid, host, runtime, version from processes',
    )
    for (const [i, id] of (said[0] ?? []).entries()) {
      const [pid, host, runtime, version] = said.slice(1).map(column => column[i])
      const known = key(pid === null ? null : Number(pid), host, runtime, version)
      this.#processes.set(Number(id), known)
    }
  }

  /** Notes what a process said of itself. */
  describe(info: ProcessInfo): void {
    const { service, instance, pid, host, runtime, version } = info
    const source = this.source(service, instance)
    const text = key(pid ?? null, host ?? null, runtime ?? null, version ?? null)
    if (this.#processes.get(source) === text) return
    this.#processes.set(source, text)
    this.#newProcesses.set(source, info)
  }

  /** Notes that a source sends a series. Both numbers count up from 1, so 26 bits hold them. */
  notePair(source: number, series: number): void {
    const pair = source * 2 ** 26 + series
    if (this.#pairs.has(pair)) return
    // What is forgotten is new again, which costs reading.
    if (this.#pairs.size >= pairsLimit) this.#pairs.clear()
    this.#pairs.add(pair)
    this.#hasNewPairs = true
  }

  get hasNewPairs(): boolean {
    return this.#hasNewPairs
  }

  /** Whether any was noted for the first time since this was asked. */
  takeNewPairs(): boolean {
    const had = this.#hasNewPairs
    this.#hasNewPairs = false
    return had
  }

  /** All sources, or those of a service, by service and instance; with those that are about to be committed. */
  sources(service: string | undefined): Source[] {
    if (!this.#sorted) {
      this.#named.sort((a, b) => compare(a.service, b.service) || compare(a.instance, b.instance))
      this.#sorted = true
    }
    return this.#named.filter(one => service === undefined || one.service === service)
  }

  source(service: string, instance: string): number {
    const name = key(service, instance)
    const known = this.#sources.get(name)
    if (known !== undefined) return known
    const id = this.#nextSource++
    this.#sources.set(name, id)
    this.#named.push({ id, service, instance })
    this.#sorted = false
    this.#newSources.push([id, service, instance])
    return id
  }

  series(metric: string, service: string, attributes: string, sampled: boolean): number {
    const name = key(metric, service, attributes, sampled)
    const known = this.#series.get(name)
    if (known !== undefined) return known
    const full = (this.#seriesPerService.get(key(metric, service)) ?? 0) >= seriesLimit
    if (full && attributes !== overflowAttributes)
      return this.series(metric, service, overflowAttributes, sampled)
    const id = this.#nextSeries++
    this.#series.set(name, id)
    this.#count(metric, service)
    this.#newSeries.push([id, metric, service, attributes, sampled])
    return id
  }

  /** Writes what is new, inside the caller's transaction. */
  async save(): Promise<void> {
    await this.#saveProcesses()
    if (this.#newSources.length > 0) {
      const rows = await this.#connection.createAppender('sources')
      for (const [id, service, instance] of this.#newSources.splice(0)) {
        rows.appendInteger(id)
        rows.appendVarchar(service)
        rows.appendVarchar(instance)
        rows.endRow()
      }
      rows.closeSync()
    }
    if (this.#newSeries.length > 0) {
      const rows = await this.#connection.createAppender('series')
      for (const [id, metric, service, attributes, sampled] of this.#newSeries.splice(0)) {
        rows.appendInteger(id)
        rows.appendVarchar(metric)
        rows.appendVarchar(service)
        rows.appendVarchar(attributes)
        rows.appendBoolean(sampled)
        rows.endRow()
      }
      rows.closeSync()
    }
  }

  /** Few: one for each start of a process. */
  async #saveProcesses(): Promise<void> {
    for (const [source, { pid, host, runtime, version }] of this.#newProcesses) {
      await this.#connection.run('delete from processes where source = $1', [source])
      await this.#connection.run('insert into processes values ($1, $2, $3, $4, $5)', [
        source,
        pid === undefined ? null : BigInt(pid),
        host ?? null,
        runtime ?? null,
        version ?? null,
      ])
    }
    this.#newProcesses.clear()
  }

  #count(metric: string, service: string): void {
    const name = key(metric, service)
    this.#seriesPerService.set(name, (this.#seriesPerService.get(name) ?? 0) + 1)
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** One string of several: no separator would do, since names may hold any character. */
function key(...parts: readonly unknown[]): string {
  let text = ''
  for (const part of parts) {
    const said = String(part)
    text += `${said.length} ${said}`
  }
  return text
}

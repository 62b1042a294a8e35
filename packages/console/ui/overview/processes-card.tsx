import type { GaugeKey, ProcessesAnswer, ProcessRow } from '../../src/api/answers.js'
import { useAnswer } from '../ask/use-answer.js'
import { Sparkline } from '../draw/sparkline.js'
import type { Place } from '../place/place.js'
import { questionOf } from '../place/question.js'
import { bytes, count, counted, duration, percent } from '../say/figures.js'
import { agoOf } from '../say/times.js'
import { Nothing, Panel } from '../state/states.js'

/** CPU, memory, event loop and pool of each process of the services. */
export function ProcessesCard({ place }: { place: Place }) {
  const asked = useAnswer<ProcessesAnswer>(questionOf(place, 'processes'))
  return (
    <section class="card processes" aria-labelledby="processes-title">
      <div class="head">
        <h2 id="processes-title">Processes</h2>
        {asked.answer !== undefined && (
          <span class="muted">
            {counted(asked.answer.processes.length, 'process', 'processes')}
          </span>
        )}
      </div>
      <Panel asked={asked} rows={3}>
        {({ processes, untilMs }) =>
          processes.length === 0 ? (
            <Nothing title="No process said anything of itself.">
              The recorder sends CPU, memory, event loop and pools; so do OpenTelemetry's runtime
              metrics.
            </Nothing>
          ) : (
            <ul data-hold>
              {processes.map(process => (
                <Process
                  key={`${process.service} ${process.instance}`}
                  process={process}
                  untilMs={untilMs}
                />
              ))}
            </ul>
          )
        }
      </Panel>
    </section>
  )
}

/** After this long without a word a process is said to be silent. */
const silentMs = 30_000

function Process({ process, untilMs }: { process: ProcessRow; untilMs: number }) {
  const { gauges, service, pid, instance, host, runtime, version, lastMs } = process
  const silent = untilMs - lastMs > silentMs
  return (
    <li>
      <div class="who">
        <span class="strong cut">{service}</span>{' '}
        {silent && <span class="chip">silent, {agoOf(lastMs)}</span>}
        <div class="muted small cut" title={instance}>
          {[
            pid === null ? instance : `process ${pid}`,
            version && `version ${version}`,
            runtime,
            host,
          ]
            .filter(Boolean)
            .join(' · ')}
        </div>
      </div>
      <Gauge title="CPU" values={gauges.cpu} say={share => percent(share)} />
      <Gauge title="Memory" values={gauges.memory ?? gauges.heap} say={bytes} />
      <Gauge title="Event loop p99" values={gauges.loopDelayP99} say={duration} />
      <Gauge title="Loop use" values={gauges.loopUtilization} say={percent} />
      <Gauge title={poolTitle(gauges)} values={gauges.poolUsed} say={count} hot={waits(gauges)} />
    </li>
  )
}

function Gauge({
  title,
  values,
  say,
  hot = false,
}: {
  title: string
  values: readonly (number | null)[] | undefined
  say: (value: number) => string
  hot?: boolean
}) {
  const last = values?.findLast(value => value !== null) ?? null
  return (
    <div class="gauge">
      <span class="muted small cut">{title}</span>
      <span class="figure">
        <b>{last === null ? '–' : say(last)}</b>
        {values !== undefined && <Sparkline values={values} stroke={hot ? '--hot' : '--ink2'} />}
      </span>
    </div>
  )
}

type Gauges = { readonly [key in GaugeKey]?: readonly (number | null)[] }

const lastOf = (values: readonly (number | null)[] | undefined): number | null =>
  values?.findLast(value => value !== null) ?? null

function poolTitle(gauges: Gauges): string {
  const [most, pending] = [lastOf(gauges.poolMax), lastOf(gauges.poolPending)]
  const of = most === null ? '' : ` of ${count(most)}`
  return pending ? `Pool${of}, ${count(pending)} waiting` : `Pool${of}`
}

const waits = (gauges: Gauges): boolean => (lastOf(gauges.poolPending) ?? 0) > 0

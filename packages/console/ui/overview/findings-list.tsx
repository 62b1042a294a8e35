import type { FindingsAnswer } from '../../src/api/answers.js'
import type { Finding } from '../../src/model.js'
import type { Asked } from '../ask/use-answer.js'
import { Share } from '../draw/share.js'
import { useKeys } from '../keys/keys.js'
import { FixedFindings, IgnoredFindings, StandingChip } from '../finding/standing.js'
import { change, go, linkTo, type Place } from '../place/place.js'
import { questionOf } from '../place/question.js'
import { copyText } from '../say/copy.js'
import { counted, duration, percent } from '../say/figures.js'
import { Nothing, Panel } from '../state/states.js'
import { useSteady } from '../table/steady.js'
import { WaitingRows } from '../table/waiting-rows.js'
import { GainCell } from './gain-cell.js'

const keyOf = ({ id }: Finding): string => id

/** The findings, those first whose fixes would save the most; J and K move, Enter opens, F shows the fix. */
export function FindingsList({ asked, place }: { asked: Asked<FindingsAnswer>; place: Place }) {
  const list = useSteady(asked.answer?.findings, keyOf, questionOf(place, 'findings'), !asked.old)
  const rows = list.rows.map(({ row }) => row)
  const at = Math.max(
    0,
    rows.findIndex(({ id }) => id === place.params.get('sel')),
  )
  const selected = rows[at]
  const move = (by: number): void => {
    const next = rows[Math.max(0, Math.min(rows.length - 1, at + by))]
    if (next === undefined) return
    change({ sel: next.id })
    document.getElementById(`finding-${next.id}`)?.scrollIntoView({ block: 'nearest' })
  }
  const withSelected = (act: (finding: Finding) => void) => () => selected && act(selected)
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: withSelected(({ id }) => go(linkTo(`/findings/${id}`))),
    f: withSelected(({ id }) => change({ fix: id }, 'push')),
    t: withSelected(({ evidence }) => {
      const [shown] = evidence.traces
      if (shown !== undefined) go(linkTo(`/traces/${shown.traceId}`, { span: shown.spanIds[0] }))
    }),
    c: withSelected(({ id }) => void copyText(`npx hotpath show ${id}`)),
  })
  return (
    <>
      <div class="head">
        <h2 id="findings-title">Findings</h2>
        <span class="muted">by what their fixes would save</span>
        <span class="grow" />
        {rows.length > 0 && <span class="chip">{counted(rows.length, 'open', 'open')}</span>}
      </div>
      <WaitingRows {...list} noun="finding" />
      <Panel asked={asked} rows={8}>
        {answer =>
          rows.length === 0 ? (
            <Nothing title={answer.requests === 0 ? 'No request, no finding.' : 'No finding.'}>
              Loops of queries, repeated and slow queries are looked for in the sampled requests.
            </Nothing>
          ) : (
            <ol class="findings" data-hold>
              {list.rows.map(({ row, gone }, i) => (
                <Row
                  key={row.id}
                  finding={row}
                  rank={i + 1}
                  part={row.cost.totalMs / Math.max(1, answer.totalMs)}
                  several={answer.service === null && answer.services.length > 1}
                  on={i === at}
                  gone={gone}
                />
              ))}
            </ol>
          )
        }
      </Panel>
      <IgnoredFindings findings={asked.answer?.ignored ?? []} />
      <FixedFindings findings={asked.answer?.fixed ?? []} />
      {rows.length > 0 && (
        <p class="keys muted small">
          <span>
            <span class="kbd">J</span> <span class="kbd">K</span> move
          </span>
          <span>
            <span class="kbd">↵</span> open
          </span>
          <span>
            <span class="kbd">T</span> its trace
          </span>
          <span>
            <span class="kbd">C</span> copy command
          </span>
          <span>
            <span class="kbd">?</span> all keys
          </span>
        </p>
      )}
    </>
  )
}

function Row({
  finding,
  rank,
  part,
  several,
  on,
  gone,
}: {
  finding: Finding
  rank: number
  part: number
  /** Of more than one service: each says whose it is. */
  several: boolean
  on: boolean
  gone: boolean
}) {
  const { id, about, title, service, route, subject, where, cost } = finding
  return (
    <li
      id={`finding-${id}`}
      class={`${on ? 'on' : ''} ${gone ? 'gone' : ''}`}
      aria-current={on ? 'true' : undefined}
    >
      <span class="rank mono" aria-label={`Number ${rank}`}>
        {rank}
      </span>
      <div class="what">
        <a class="title whole" href={linkTo(`/findings/${id}`)}>
          {title}
        </a>
        <StandingChip finding={finding} />
        {gone && <span class="chip">no longer in this window</span>}
        <div class="cut">
          <span class="strong">{route}</span>
          {several && <span class="muted"> of {service}</span>} <code class="muted">{subject}</code>
        </div>
        {where !== undefined && (
          <code class="muted where cut">
            {where.file}:{where.line}
          </code>
        )}
      </div>
      <div class="cost">
        {about !== 'index' && (
          <>
            <span class="big">{percent(part)}</span>
            <Share part={part} />
            <span class="muted small">{duration(cost.totalMs)} in all</span>
          </>
        )}
      </div>
      <GainCell {...finding} />
      <button class={`button ${on ? 'main' : ''}`} onClick={() => change({ fix: id }, 'push')}>
        Fix<span class="unseen">: {title}</span> {on && <span class="kbd">F</span>}
      </button>
    </li>
  )
}

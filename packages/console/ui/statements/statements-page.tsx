import { useEffect, useMemo, useRef } from 'preact/hooks'
import type { FindingsAnswer, StatementRow, StatementsAnswer } from '../../src/api/answers.js'
import { useAnswer } from '../ask/use-answer.js'
import { useKeys } from '../keys/keys.js'
import { Notes } from '../overview/notes.js'
import { hereWith, linkTo, type Place } from '../place/place.js'
import { questionOf } from '../place/question.js'
import { latencyColumns } from '../routes/columns.js'
import { Copy, copyText } from '../say/copy.js'
import { counted } from '../say/figures.js'
import { Sql } from '../say/sql.js'
import { EmptyWindow } from '../state/empty-window.js'
import { Nothing, Panel } from '../state/states.js'
import { RankedTable, useRanked } from '../table/ranked.js'
import type { Column } from '../table/table.js'
import { WaitingRows } from '../table/waiting-rows.js'

const keyOf = ({ service, system, statement }: StatementRow): string =>
  `${service} ${system} ${statement}`
const hrefOf = ({ statement }: StatementRow): string => hereWith({ open: statement })

/** All statements, the one that takes the most time first; one that is opened is shown whole. */
export function StatementsPage({ place }: { place: Place }) {
  const asked = useAnswer<StatementsAnswer>(questionOf(place, 'statements'))
  const { answer } = asked
  const open = place.params.get('open')
  const columns = useMemo(() => columnsOf(), [])
  const ranked = useRanked(
    answer?.statements,
    { columns, keyOf, hrefOf, place },
    questionOf(place, 'statements'),
    !asked.old,
  )
  const { list, rows } = ranked
  const opened = rows.find(row => row.statement === open)
  useKeys({ c: opened && (() => void copyText(opened.statement)) })
  return (
    <>
      <div class="page-head">
        <h1>Statements</h1>
        {answer !== undefined && (
          <span class="muted">{counted(answer.statements.length, 'statement')}</span>
        )}
      </div>
      {answer !== undefined && <Notes notes={answer.notes} />}
      {opened !== undefined && <Opened row={opened} place={place} />}
      <section class="card">
        <WaitingRows {...list} noun="statement" />
        <Panel asked={asked} rows={10}>
          {answer =>
            rows.length === 0 ? (
              answer.services.length === 0 ? (
                <EmptyWindow answer={answer} place={place} />
              ) : (
                <Nothing title="No statement in this time." />
              )
            ) : (
              <RankedTable
                ranked={ranked}
                caption="Statements"
                selected={opened ? keyOf(opened) : place.params.get('sel')}
              />
            )
          }
        </Panel>
      </section>
    </>
  )
}

function Opened({ row, place }: { row: StatementRow; place: Place }) {
  const { answer } = useAnswer<FindingsAnswer>(questionOf(place, 'findings'))
  const found =
    answer?.findings.filter(
      ({ subject, service }) => subject === row.statement && service === row.service,
    ) ?? []
  const ref = useRef<HTMLElement>(null)
  // It opens above the list, which may be scrolled far down.
  useEffect(() => ref.current?.scrollIntoView({ block: 'nearest' }), [row.statement])
  return (
    <section class="card opened" aria-label="The statement" ref={ref}>
      <div class="head">
        <h2>{row.service}</h2>
        <span class="muted">{row.system}</span>
        <span class="grow" />
        <Copy text={row.statement} label="Copy SQL" />
        <a class="button quiet" href={hereWith({ open: null })}>
          Close
        </a>
      </div>
      <Sql text={row.statement} />
      {found.length === 0 ? (
        <p class="muted">
          {answer === undefined ? 'Looking for where it is found.' : 'No finding is about it.'}
        </p>
      ) : (
        <ul class="links" aria-label="Where it is found">
          {found.map(({ id, title, route, where }) => (
            <li key={id}>
              <a class="whole" href={linkTo(`/findings/${id}`)}>
                {title}
              </a>
              <span class="cut">{route}</span>
              <code class="muted">{where && `${where.file}:${where.line}`}</code>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function columnsOf(): Column<StatementRow>[] {
  return [
    {
      key: 'statement',
      title: 'Statement',
      card: 'title',
      value: row => row.statement,
      cell: row => (
        <code class="cut" title={row.statement}>
          {row.statement}
        </code>
      ),
      width: '44%',
    },
    ...latencyColumns<StatementRow>('Calls'),
  ]
}

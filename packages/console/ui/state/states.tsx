import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { AskError } from '../ask/ask.js'
import type { Asked } from '../ask/use-answer.js'
import { Boundary } from './boundary.js'

/**
 * The part of a view that one answer fills: a skeleton while nothing is there, the error with what to
 * do, else the content, dimmed while it is of an older question. The rest of the page lives on.
 */
export function Panel<T>({
  asked,
  rows = 4,
  children,
}: {
  asked: Asked<T>
  rows?: number
  children: (answer: T) => ComponentChildren
}) {
  if (asked.answer !== undefined)
    return (
      <div class={asked.old ? 'dim' : undefined}>
        <Boundary>
          <Filled answer={asked.answer} fill={children} />
        </Boundary>
      </div>
    )
  if (asked.error !== undefined) return <Failure error={asked.error} retry={asked.retry} />
  return <Skeleton rows={rows} />
}

/** Below the boundary, so that a fault in what fills the panel is caught by it. */
function Filled<T>({ answer, fill }: { answer: T; fill: (answer: T) => ComponentChildren }) {
  return <>{fill(answer)}</>
}

/** Code, cause, next step, Retry. */
export function Failure({ error, retry }: { error: AskError; retry: () => void }) {
  // The banner says it for the whole page.
  if (error.code === 'AWAY') return <p class="failure muted">Waits for the console.</p>
  const [cause, step] = parts(error)
  return (
    <div class="failure" role="alert">
      <p>
        <code class="chip bad">{error.code}</code> <span class="strong">{cause}</span>
      </p>
      <p class="muted">{step}</p>
      <button class="button" onClick={retry}>
        Try again
      </button>
    </div>
  )
}

function parts(error: AskError): readonly [cause: string, step: string] {
  if (error.code === 'ANSWER_UNKNOWN')
    return ['This console does not answer this question.', 'Update @hotpath/console.']
  if (error.code === 'SLOW') return [error.message, 'Look at a shorter time, or at one service.']
  const [first = error.message, ...rest] = error.message.split(/(?<=\.)\s+/)
  return [first, rest.join(' ') || (error.passes ? 'It is tried again by itself.' : '')]
}

/** Holds the place; shown after 200 ms, so that a quick answer does not flicker. */
export function Skeleton({ rows }: { rows: number }) {
  const [late, setLate] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 200)
    return () => clearTimeout(timer)
  }, [])
  return (
    <div class={late ? 'skeleton late' : 'skeleton'} aria-busy="true">
      <span class="unseen" role="status">
        {late ? 'Loading' : ''}
      </span>
      {Array.from({ length: rows }, (_, i) => (
        <i key={i} />
      ))}
    </div>
  )
}

/** What is shown in place of an empty list: why, and the next step. */
export function Nothing({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="nothing">
      <p class="strong">{title}</p>
      {children !== undefined && <div class="muted">{children}</div>}
    </div>
  )
}

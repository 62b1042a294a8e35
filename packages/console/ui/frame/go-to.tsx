import { useEffect, useRef, useState } from 'preact/hooks'
import type { FindingsAnswer, RoutesAnswer, StatementsAnswer } from '../../src/api/answers.js'
import { useAnswer } from '../ask/use-answer.js'
import { change, go, linkTo, type Place } from '../place/place.js'
import { questionOf } from '../place/question.js'
import { Dialog } from './dialog.js'

interface Target {
  readonly kind: string
  readonly title: string
  readonly href: string
}

const mostShown = 12

export function GoToDialog({ place }: { place: Place }) {
  return place.params.get('goto') === null ? null : <GoTo place={place} />
}

function GoTo({ place }: { place: Place }) {
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const found = matching(useTargets(place), text)
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => input.current?.focus(), [])
  const close = (): void => change({ goto: null })
  const open = (target: Target | undefined): void => {
    if (target === undefined) return
    change({ goto: null })
    go(target.href)
  }
  const press = (event: KeyboardEvent): void => {
    const moves: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 }
    const move = moves[event.key]
    if (move !== undefined) setAt(Math.max(0, Math.min(found.length - 1, at + move)))
    else if (event.key === 'Enter') open(found[at])
    else return
    event.preventDefault()
  }
  return (
    <Dialog name="Go to" kind="goto" close={close}>
      <input
        ref={input}
        class="field"
        placeholder="Route, finding, statement, or the id of a trace"
        role="combobox"
        aria-expanded="true"
        aria-controls="targets"
        aria-activedescendant={found[at] === undefined ? undefined : `target-${at}`}
        value={text}
        onInput={event => {
          setText(event.currentTarget.value)
          setAt(0)
        }}
        onKeyDown={press}
      />
      <ul id="targets" role="listbox" aria-label="Where to">
        {found.map((target, i) => (
          <li
            key={target.href}
            id={`target-${i}`}
            role="option"
            aria-selected={i === at}
            onClick={() => open(target)}
            onPointerMove={() => setAt(i)}
          >
            <span class="chip">{target.kind}</span>
            <span class="cut">{target.title}</span>
          </li>
        ))}
        {found.length === 0 && <li class="muted">Nothing has this in its name.</li>}
      </ul>
    </Dialog>
  )
}

function useTargets(place: Place): Target[] {
  const findings = useAnswer<FindingsAnswer>(questionOf(place, 'findings')).answer
  const routes = useAnswer<RoutesAnswer>(questionOf(place, 'routes')).answer
  const statements = useAnswer<StatementsAnswer>(questionOf(place, 'statements')).answer
  const views = ['findings', 'routes', 'statements', 'traces', 'watch']
  return [
    ...(findings?.findings ?? []).map(({ id, title, route }) => ({
      kind: 'finding',
      title: `${title} · ${route}`,
      href: linkTo(`/findings/${id}`),
    })),
    ...(routes?.routes ?? []).map(({ route, service }) => ({
      kind: 'route',
      title: route,
      href: linkTo('/routes', { route, of: service }),
    })),
    ...views.map(view => ({
      kind: 'view',
      title: view,
      href: linkTo(view === 'findings' ? '/' : `/${view}`),
    })),
    ...(statements?.statements ?? []).map(({ statement }) => ({
      kind: 'statement',
      title: statement,
      href: linkTo('/statements', { open: statement }),
    })),
  ]
}

/** Those that hold every word of the text; an id is a trace, or a finding, by itself. */
function matching(targets: readonly Target[], text: string): Target[] {
  const id = text.trim().toLowerCase()
  const words = id.split(/\s+/).filter(word => word !== '')
  const named = targets.filter(({ title, kind }) =>
    words.every(word => `${kind} ${title}`.toLowerCase().includes(word)),
  )
  const asTrace = /^[0-9a-f]{6,32}$/.test(id)
    ? [{ kind: 'trace', title: id, href: linkTo(`/traces/${id}`) }]
    : []
  return [...named.slice(0, mostShown), ...asTrace]
}

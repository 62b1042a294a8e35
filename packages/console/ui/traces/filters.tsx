import { useEffect, useRef } from 'preact/hooks'
import { useKeys } from '../keys/keys.js'
import { change, hereWith, type Place } from '../place/place.js'
import { secondOf } from '../say/times.js'

/** The search over traces; each field is a parameter of the URL. */
export function Filters({ place, routes }: { place: Place; routes: readonly string[] }) {
  const { params } = place
  const first = useRef<HTMLSelectElement>(null)
  const route = params.get('route') ?? ''
  const all = route === '' || routes.includes(route) ? routes : [route, ...routes]
  const [from, to] = [params.get('from'), params.get('to')]
  const asked = ['route', 'min', 'max', 'status', 'from', 'to'].filter(name => params.has(name))
  useKeys({ '/': () => first.current?.focus() })
  return (
    <form
      class="filters"
      role="search"
      aria-label="Traces"
      onSubmit={event => event.preventDefault()}
    >
      <label>
        <span class="unseen">Route</span>
        <select
          ref={first}
          class="field"
          value={route}
          onChange={event => set({ route: event.currentTarget.value })}
        >
          <option value="">All routes</option>
          {[...new Set(all)].map(name => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <Milliseconds name="min" label="from" value={params.get('min')} />
      <Milliseconds name="max" label="to" value={params.get('max')} />
      <label>
        <span class="unseen">Status</span>
        <select
          class="field"
          value={params.get('status') ?? ''}
          onChange={event => set({ status: event.currentTarget.value })}
        >
          <option value="">Any status</option>
          <option value="error">Failed</option>
          <option value="unset">Answered</option>
          <option value="ok">Marked ok by the code</option>
        </select>
      </label>
      <label>
        <span class="unseen">Order</span>
        <select
          class="field"
          value={params.get('order') ?? ''}
          onChange={event => set({ order: event.currentTarget.value })}
        >
          <option value="">Newest first</option>
          <option value="slowest">Slowest first</option>
        </select>
      </label>
      {from !== null && to !== null && (
        <a class="chip hot" href={hereWith({ from: null, to: null, min: null, max: null })}>
          {stretchOf(from, to)} <span aria-hidden="true">×</span>
          <span class="unseen">leave this stretch</span>
        </a>
      )}
      {asked.length > 0 && (
        <a
          class="link muted small"
          href={hereWith(Object.fromEntries(asked.map(name => [name, null])))}
        >
          Clear all
        </a>
      )}
    </form>
  )
}

function Milliseconds({
  name,
  label,
  value,
}: {
  name: string
  label: string
  value: string | null
}) {
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (field.current !== null && document.activeElement !== field.current)
      field.current.value = value ?? ''
  }, [value])
  return (
    <label class="ms">
      <span class="muted">{label}</span>
      <input
        ref={field}
        class="field"
        inputMode="numeric"
        pattern="[0-9]*"
        defaultValue={value ?? ''}
        aria-label={`Duration ${label}, in milliseconds`}
        onChange={event => set({ [name]: event.currentTarget.value.replaceAll(/\D/g, '') })}
      />
      <span class="muted">ms</span>
    </label>
  )
}

/** A filter of its own in history; the selection of the list before means nothing in the next. */
function set(params: Record<string, string | null>): void {
  change({ ...params, sel: null, limit: null }, 'push')
}

/** `10:02:00 to 10:05:00`, for the filter's chip. */
const stretchOf = (from: string, to: string): string =>
  `${secondOf(Date.parse(from))} to ${secondOf(Date.parse(to))}`

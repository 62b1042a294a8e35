import { change, type Place } from '../place/place.js'
import type { Folds } from './waterfall-rows.js'

/** Part of the trace that is shown, in nanoseconds from its start. */
export interface Zoom {
  readonly from: number
  readonly to: number
}

/** Folds and filters of a trace, from the URL: `closed=ID,ID&calls=ID:20&q=users&critical=1`. */
export function foldsOf({ params }: Place): Folds {
  const opened = (params.get('calls') ?? '')
    .split(',')
    .map(part => part.split(':'))
    .filter(([id]) => id !== undefined && id !== '')
    .map(([id = '', n]) => [id, Math.max(0, Number(n) || 0)] as const)
  return {
    closed: new Set((params.get('closed') ?? '').split(',').filter(Boolean)),
    opened: new Map(opened),
    find: params.get('q') ?? '',
    criticalOnly: params.get('critical') === '1',
  }
}

export function setClosed(folds: Folds, id: string, closed: boolean): void {
  const ids = new Set(folds.closed)
  if (closed) ids.add(id)
  else ids.delete(id)
  change({ closed: [...ids].join(',') })
}

/** Shows the first `n` calls of a folded loop; none with 0. */
export function setCalls(folds: Folds, id: string, n: number): void {
  const opened = new Map(folds.opened)
  if (n > 0) opened.set(id, n)
  else opened.delete(id)
  change({ calls: [...opened].map(([id, n]) => `${id}:${n}`).join(',') })
}

/** `z=1200-98000`; the whole trace without, or when it makes no sense. */
export function zoomOf({ params }: Place, durationNs: number): Zoom {
  const [, from, to] = /^(\d{1,15})-(\d{1,15})$/.exec(params.get('z') ?? '') ?? []
  const zoom = { from: Number(from ?? 0), to: Math.min(durationNs, Number(to ?? durationNs)) }
  return zoom.to > zoom.from ? zoom : { from: 0, to: Math.max(1, durationNs) }
}

export function setZoom(zoom: Zoom | null): void {
  const text = zoom === null ? null : `${Math.floor(zoom.from)}-${Math.ceil(zoom.to)}`
  change({ z: text }, 'push')
}

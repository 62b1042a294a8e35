import { findings } from '../../dist/diagnose/findings.js'
import type { Finding, FindingKind, Trace } from '../../dist/model.js'
import { draw, type Drawn } from '../draw.js'

/**
 * The findings in three requests that look as drawn, but for slow statements: a column is 10 ms, so that
 * each statement of a drawing is one. Those are the matter of findings.test.ts.
 */
export function find(picture: string, changes: Record<string, Drawn> = {}): Finding[] {
  return findingsIn([0, 1, 2].map(() => draw(picture, changes)))
}

export function findingsIn(traces: readonly Trace[]): Finding[] {
  return allIn(traces).filter(({ kind }) => kind !== 'slow-statement')
}

export function allIn(traces: readonly Trace[]): Finding[] {
  return findings({ traces, statements: [], routes: [] })
}

/** Their kinds, the dearest first. */
export function kinds(picture: string, changes: Record<string, Drawn> = {}): FindingKind[] {
  return find(picture, changes).map(({ kind }) => kind)
}

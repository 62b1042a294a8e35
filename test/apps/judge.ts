import type { Finding, FindingKind } from '@hotpath/console'
import type { Truth } from './application.js'

/** How what Hotpath says compares with the truth. */
export interface Judgement {
  readonly right: readonly (readonly [Finding, Truth])[]
  /** Said, and not so. */
  readonly wrong: readonly Finding[]
  /** So, and not said. */
  readonly missed: readonly Truth[]
}

export function judge(findings: readonly Finding[], truth: readonly Truth[]): Judgement {
  const right: [Finding, Truth][] = []
  const wrong: Finding[] = []
  for (const finding of findings) {
    const match = truth.find(one => isAbout(finding, one))
    if (match) right.push([finding, match])
    else wrong.push(finding)
  }
  const said = new Set(right.map(([, one]) => one))
  return { right, wrong, missed: truth.filter(one => !said.has(one) && one.timed !== true) }
}

function isAbout({ kind, route, subject, evidence }: Finding, truth: Truth): boolean {
  if (kind !== truth.kind) return false
  // One finding for a service names the dearest route, and the others in a sentence.
  const isOfRoute = route === truth.route || evidence.sentences.join(' ').includes(truth.route)
  return isOfRoute && (truth.statement === undefined || readable(subject).includes(truth.statement))
}

/** A statement as the truth writes it: one line, no quotes around names, `?` for literals. */
export function readable(text: string): string {
  return text
    .replaceAll(/'(?:[^']|'')*'/g, '?')
    .replaceAll(/(?<![\w$.])\d+(?:\.\d+)?\b/g, '?')
    .replaceAll('"', '')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

/** Of what was said how much is so, and of what is so how much was said; 1 where there is nothing. */
export interface Figures {
  readonly kind: FindingKind | 'all'
  readonly right: number
  readonly wrong: number
  readonly missed: number
  readonly precision: number
  readonly recall: number
}

export function figures(judgements: readonly Judgement[]): Figures[] {
  const all = judgements.flatMap(({ right, wrong, missed }) => [
    ...right.map(([{ kind }]) => ({ kind, what: 'right' as const })),
    ...wrong.map(({ kind }) => ({ kind, what: 'wrong' as const })),
    ...missed.map(({ kind }) => ({ kind, what: 'missed' as const })),
  ])
  const kinds = [...new Set(all.map(({ kind }) => kind))].sort()
  return [...kinds, 'all' as const].map(kind => {
    const own = all.filter(one => kind === 'all' || one.kind === kind)
    const count = (what: string): number => own.filter(one => one.what === what).length
    const [right, wrong, missed] = [count('right'), count('wrong'), count('missed')]
    const part = (others: number): number => (right + others === 0 ? 1 : right / (right + others))
    return { kind, right, wrong, missed, precision: part(wrong), recall: part(missed) }
  })
}

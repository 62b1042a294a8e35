import { hereWith } from '../place/place.js'
import { ofNs } from '../say/figures.js'
import type { Gap, Scale } from './scale.js'

/** The folded gaps over the height of all rows: a torn strip for each. */
export function GapStrips({ gaps }: { gaps: readonly Gap[] }) {
  if (gaps.length === 0) return null
  return (
    <div class="w-gaps" aria-hidden="true">
      <svg width="0" height="0">
        <Tooth id="torn-left" inner="M.5 0 5.5 6 .5 12H6V0Z" />
        <Tooth id="torn-right" inner="M.5 0 5.5 6 .5 12H0V0Z" />
      </svg>
      {gaps.map(gap => (
        <span
          key={gap.left}
          class="gap"
          style={{ left: percent(gap.left), width: percent(gap.right - gap.left) }}
        >
          <Torn by="torn-left" />
          <i />
          <Torn by="torn-right" />
        </span>
      ))}
    </div>
  )
}

/** One tooth of an edge, and what of it is inside the strip. */
function Tooth({ id, inner }: { id: string; inner: string }) {
  return (
    <pattern id={id} width="6" height="12" patternUnits="userSpaceOnUse">
      <path class="inner" d={inner} />
      <path class="edge" d="M.5 0 5.5 6 .5 12" />
    </pattern>
  )
}

/** An edge as high as the strip: the same tooth again and again. */
function Torn({ by }: { by: string }) {
  return (
    <svg width="6" height="100%">
      <rect width="6" height="100%" fill={`url(#${by})`} />
    </svg>
  )
}

/** What a strip means, and the way to see gaps to scale; nothing for a trace without. */
export function GapWords({ scale, unfolded }: { scale: Scale; unfolded: boolean }) {
  if (unfolded)
    return (
      <a class="chip hot" href={hereWith({ gaps: null })}>
        gaps unfolded ×
      </a>
    )
  if (scale.gaps.length === 0) return null
  return (
    <span class="gap-words">
      <svg width="8" height="14" viewBox="0 0 8 14" aria-hidden="true">
        <path d="M2 0 6 3.5 2 7l4 3.5L2 14" />
      </svg>
      nothing ran
      <span class="unseen"> for {scale.gaps.map(({ ns }) => ofNs(ns)).join(' and ')}, folded</span>
      {' · '}
      <a class="link" href={hereWith({ gaps: '1' })}>
        unfold
      </a>
    </span>
  )
}

export const percent = (part: number): string => `${part * 100}%`

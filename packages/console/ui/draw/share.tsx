/** A part of a whole as a short bar; the figure stands beside it in text. */
export function Share({ part }: { part: number }) {
  return (
    <span class="share" aria-hidden="true">
      <i style={{ width: `${Math.min(1, Math.max(0, part)) * 100}%` }} />
    </span>
  )
}

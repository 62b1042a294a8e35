/** The course of a figure in the height of a line of text; the figures stand elsewhere. */
export function Sparkline({
  values,
  stroke,
}: {
  values: readonly (number | null)[]
  stroke: string
}) {
  const most = values.reduce<number>((top, value) => Math.max(top, value ?? 0), 0)
  const step = 84 / Math.max(1, values.length - 1)
  let path = ''
  let pen = false
  values.forEach((value, i) => {
    if (value === null) {
      pen = false
      return
    }
    const y = 16 - (most === 0 ? 0 : value / most) * 14
    path += `${pen ? 'L' : 'M'}${(i * step).toFixed(1)},${y.toFixed(1)}`
    pen = true
  })
  return (
    <svg width="84" height="18" aria-hidden="true" class="sparkline">
      <path d={path} fill="none" stroke={`var(${stroke})`} stroke-width="1.25" />
    </svg>
  )
}

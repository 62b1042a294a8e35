/** Good answers by load, both in multiples of what the app can do. */
export interface Curve {
  readonly path: string
  readonly arm: string
  readonly points: readonly { readonly load: number; readonly good: number }[]
}

const WIDTH = 360
const HEIGHT = 240
const LEFT = 46
const TOP = 34
const MOST_LOAD = 5
const MOST_GOOD = 1.2

const COLOURS: Readonly<Record<string, string>> = { adaptive: '#1a7f37', none: '#cf222e' }
const LABELS: Readonly<Record<string, string>> = {
  adaptive: 'adaptive concurrency',
  none: 'without',
}

/** A picture with one diagram for each path, side by side. */
export function curves(all: readonly Curve[]): string {
  const paths = [...new Set(all.map(({ path }) => path))]
  const diagrams = paths.map((path, at) =>
    diagram(
      path,
      all.filter(each => each.path === path),
      at,
    ),
  )
  const width = paths.length * (WIDTH + LEFT + 24)
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${HEIGHT + TOP + 44}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#ffffff"/>
${diagrams.join('\n')}
</svg>
`
}

function diagram(path: string, all: readonly Curve[], at: number): string {
  const x = (load: number): string => ((load / MOST_LOAD) * WIDTH).toFixed(1)
  const y = (good: number): string => (HEIGHT - (good / MOST_GOOD) * HEIGHT).toFixed(1)
  const grid = [0, 0.5, 1].map(
    good =>
      `<path d="M0 ${y(good)}H${WIDTH}" stroke="#d0d7de"/><text x="-8" y="${y(good)}" dy="4" text-anchor="end">${good}</text>`,
  )
  const ticks = [1, 2, 3, 4, 5].map(
    load => `<text x="${x(load)}" y="${HEIGHT + 16}" text-anchor="middle">${load}</text>`,
  )
  const lines = all.map(({ arm, points }, row) => {
    const colour = COLOURS[arm] ?? '#000000'
    const d = points
      .map(({ load, good }, i) => `${i === 0 ? 'M' : 'L'}${x(load)} ${y(good)}`)
      .join('')
    return `<path d="${d}" fill="none" stroke="${colour}" stroke-width="2"/><text x="${WIDTH}" y="${Number(y(0.12)) - 16 * row}" text-anchor="end" fill="${colour}">${LABELS[arm] ?? arm}</text>`
  })
  return `<g transform="translate(${at * (WIDTH + LEFT + 24) + LEFT} ${TOP})">
<text x="0" y="-14" font-weight="bold">${path}</text>
${[...grid, ...ticks, ...lines].join('\n')}
<text x="${WIDTH}" y="${HEIGHT + 32}" text-anchor="end">requests sent, in multiples of what the app can do</text>
<text x="-34" y="0" transform="rotate(-90 -34 0)" text-anchor="end">good answers</text>
</g>`
}

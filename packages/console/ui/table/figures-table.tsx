import type { ComponentChildren } from 'preact'

/** The figures behind a chart, for those who do not see it or want to read them; opened by a button. */
export function BehindChart({
  caption,
  titles,
  rows,
}: {
  caption: string
  titles: readonly string[]
  rows: () => readonly (readonly ComponentChildren[])[]
}) {
  return (
    <details class="behind">
      <summary>{caption}</summary>
      <Figures caption={caption} titles={titles} rows={rows()} />
    </details>
  )
}

function Figures({
  caption,
  titles,
  rows,
}: {
  caption: string
  titles: readonly string[]
  rows: readonly (readonly ComponentChildren[])[]
}) {
  return (
    <div class="behind-scroll" tabIndex={0} role="region" aria-label={caption}>
      <table class="figures">
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {titles.map(title => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <tr key={i}>
              {row.map((cell, c) => (
                <td key={c}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

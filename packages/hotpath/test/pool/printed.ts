import type { Ending } from '../differential.js'

/** What an app printed, a JSON object a line. */
export const lines = ({ stdout }: Ending): Record<string, unknown>[] =>
  stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Record<string, unknown>)

/** What each of its cases was given, by title. */
export function casesOf(ending: Ending): Map<unknown, unknown> {
  return new Map(
    lines(ending)
      .filter(line => 'title' in line)
      .map(line => [line['title'], line['given']]),
  )
}

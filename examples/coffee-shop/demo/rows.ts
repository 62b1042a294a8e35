/** A row of a table of before and after. */
export const row = (name: string, before: string, after: string, more = ''): string =>
  `  ${name.padEnd(34)}${before.padStart(10)}${after.padStart(10)}  ${more}`.trimEnd()

export const milliseconds = (value: number): string =>
  `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`

const UNITS: Readonly<Record<string, number>> = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 }

/** What `bytesOf` reads, for messages. */
export const BYTES = "a size such as '500kb', '1mb' or '2gb'"

/** `'1mb'` is 1,048,576; undefined for what is no size, or none above zero. */
export function bytesOf(value: unknown): number | undefined {
  const [, amount, unit = ''] = /^(\d{1,6}(?:\.\d{1,3})?)(b|kb|mb|gb)$/.exec(String(value)) ?? []
  const bytes = Math.floor(Number(amount) * (UNITS[unit] ?? Number.NaN))
  return bytes > 0 ? bytes : undefined
}

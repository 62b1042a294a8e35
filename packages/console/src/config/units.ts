/** Times and sizes as people write them. */

const times: Readonly<Record<string, number>> = { ms: 1, s: 1e3, m: 6e4, h: 3.6e6, d: 8.64e7 }
const sizes: Readonly<Record<string, number>> = {
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
}

/** `3d` in milliseconds; undefined for what is no time. */
export const milliseconds = (value: string): number | undefined => quantity(value, times, v => v)

/** `2GB` in bytes; undefined for what is no size. */
export const bytes = (value: string): number | undefined =>
  quantity(value, sizes, v => v.toUpperCase())

function quantity(
  value: string,
  units: Readonly<Record<string, number>>,
  spelling: (unit: string) => string,
): number | undefined {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)\s*([a-zA-Z]+)$/.exec(value) ?? []
  const factor = Object.hasOwn(units, spelling(unit)) ? units[spelling(unit)] : undefined
  const result = Math.round(Number(amount) * (factor ?? Number.NaN))
  return result > 0 && Number.isSafeInteger(result) ? result : undefined
}

/** `2%` as a part of a whole, 0.02; undefined for what is none, for 0 and for more than 100. */
export function share(value: string): number | undefined {
  const [, amount] = /^(\d+(?:\.\d+)?)\s*%$/.exec(value) ?? []
  const part = Number(amount ?? Number.NaN) / 100
  return part > 0 && part <= 1 ? part : undefined
}

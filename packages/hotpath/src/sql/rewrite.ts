import type { Reading } from './reading.js'

/** What the parts of the rewritten statement are called: no name of an application's. */
const KEYS = 'hotpath_keys'
const ONE = 'hotpath_one'

/** How a parameter of the single statement reaches the rewritten one. */
export interface ParamType {
  /** Its array type, qualified and quoted: `pg_catalog._int4`. */
  readonly array: string
  /** Set for a type that cannot stand in an array of its own (an array): the values travel as text. */
  readonly viaText?: string
}

/**
 * Defects that the verifier plants, to show that it finds them. Never set outside of it.
 * `no-fence`: without OFFSET 0 the planner may merge the statement into ours, and its order is lost.
 */
export interface RewriteDefects {
  readonly noFence?: boolean
}

/**
 * One statement that answers the given one for many lists of parameters: `$1` is the array of all
 * first parameters, and so on. Its first column is the ordinal of the list, from 1 up; the others are
 * those of the original. OFFSET 0 is a fence: the planner runs the original as it stands for each list,
 * so its ORDER BY, its LIMIT and its errors are its own. The rows are told apart by the ordinal and
 * never sorted again: within one ordinal they come as the original gives them.
 *
 *     select hotpath_keys.ord, hotpath_one.* from unnest($1::pg_catalog._int4)
 *       with ordinality as hotpath_keys(p1, ord) cross join lateral
 *       (select street from addresses where user_id = hotpath_keys.p1 offset 0) as hotpath_one
 */
export function batchText(
  text: string,
  reading: Reading,
  types: readonly ParamType[],
  defects: RewriteDefects = {},
): string {
  const arrays = types.map(({ array, viaText }, i) =>
    viaText === undefined ? `$${i + 1}::${array}` : `$${i + 1}::pg_catalog._text`,
  )
  const columns = types.map((_, i) => `p${i + 1}`)
  const one = single(text, reading, types)
  const fence = defects.noFence === true ? '' : ' offset 0'
  const body = reading.closed ? `select * from (${one}\n) as ${ONE}${fence}` : `${one}\n${fence}`
  return (
    `select ${KEYS}.ord, ${ONE}.* from unnest(${arrays.join(', ')}) ` +
    `with ordinality as ${KEYS}(${columns.join(', ')}, ord) cross join lateral (${body}) as ${ONE}`
  )
}

/** The original, with columns of ours where its parameters were. */
function single(
  text: string,
  { params, start, end }: Reading,
  types: readonly ParamType[],
): string {
  let out = ''
  let from = start
  for (const param of [...params].sort((a, b) => a.start - b.start)) {
    const column = `${KEYS}.p${param.number}`
    const cast = types[param.number - 1]?.viaText
    out += text.slice(from, param.start)
    out += cast === undefined ? `(${column})` : `(${column}::${cast})`
    from = param.end
  }
  return out + text.slice(from, end)
}

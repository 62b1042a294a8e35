/** A node of a parse tree as libpg-query gives it: one key that names the kind, or plain fields. */
export type Node = { readonly [key: string]: unknown }

/** What libpg-query's `parse` returns. */
export interface ParseTree {
  readonly stmts?: readonly {
    readonly stmt?: Node
    /** Bytes of UTF-8, not characters. */
    readonly stmt_location?: number
    readonly stmt_len?: number
  }[]
}

/** Reads a text by PostgreSQL's own grammar; throws when it is none. */
export type Parse = (text: string) => ParseTree

/**
 * Calls `see` for every node with the key it stands under, the outer before the inner: its kind
 * (`FuncCall`), or where the grammar allows but one kind, the field (`intoClause`).
 */
export function walk(value: unknown, see: (key: string, node: Node) => void): void {
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    for (const item of value) walk(item, see)
    return
  }
  for (const [key, inner] of Object.entries(value)) {
    if (isNode(inner)) see(key, inner)
    walk(inner, see)
  }
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The parts of a qualified name: `['pg_catalog', 'now']`. */
export function nameParts(list: unknown): string[] {
  if (!Array.isArray(list)) return []
  return list.map(item => {
    const text = isNode(item) && isNode(item['String']) ? item['String']['sval'] : undefined
    return typeof text === 'string' ? text : ''
  })
}

/** Offsets of libpg-query count bytes; turns them into indices of the string. */
export function characterIndex(text: string): (bytes: number) => number {
  // Without anything beyond ASCII both are the same.
  if (!/[^\x00-\x7f]/.test(text)) return bytes => bytes
  const buffer = new TextEncoder().encode(text)
  const decoder = new TextDecoder()
  return bytes => decoder.decode(buffer.subarray(0, bytes)).length
}

/** Data as YAML: maps and lists in blocks, all texts in the quotes of JSON, which YAML reads as they are. */
export function yaml(value: unknown, indent = ''): string {
  if (Array.isArray(value)) {
    if (value.length === 0) return ' []\n'
    const items = value.map(item => `${indent}- ${yaml(item, `${indent}  `).trimStart()}`)
    return `\n${items.join('')}`
  }
  if (typeof value !== 'object' || value === null) return ` ${JSON.stringify(value)}\n`
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  if (entries.length === 0) return ' {}\n'
  const lines = entries.map(([key, item]) => `${indent}${key}:${yaml(item, `${indent}  `)}`)
  return `\n${lines.join('')}`
}

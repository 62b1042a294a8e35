/** The head of an answer as it went over the wire. */
export interface Head {
  readonly status: number
  readonly reason: string
  /** Name, value, name, value, in their order and spelling. */
  readonly fields: readonly string[]
}

/** Reads what Node has put together (`res._header`); undefined when it is no head. */
export function readHead(text: unknown): Head | undefined {
  if (typeof text !== 'string') return undefined
  const [first = '', ...lines] = text.split('\r\n')
  const status = /^HTTP\/1\.[01] (\d{3}) ?(.*)$/.exec(first)
  if (status === null) return undefined
  const fields: string[] = []
  for (const line of lines) {
    if (line === '') break
    const colon = line.indexOf(':')
    if (colon <= 0) return undefined
    fields.push(line.slice(0, colon), line.slice(colon + 1).trim())
  }
  return { status: Number(status[1]), reason: status[2] ?? '', fields }
}

/** As Node puts it together. */
export function headText({ status, reason, fields }: Head): string {
  let text = `HTTP/1.1 ${status} ${reason}\r\n`
  for (let at = 0; at + 1 < fields.length; at += 2) text += `${fields[at]}: ${fields[at + 1]}\r\n`
  return `${text}\r\n`
}

/** The value of a field, several lines of it joined by commas (RFC 9110, 5.3); the name in lower case. */
export function fieldOf(fields: readonly string[], name: string): string | undefined {
  let value: string | undefined
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const known = fields[at] as string
    if (known.length !== name.length || known.toLowerCase() !== name) continue
    value = value === undefined ? fields[at + 1] : `${value}, ${fields[at + 1]}`
  }
  return value
}

/** Members of a list field, in lower case. */
export function listOf(value: string | undefined): string[] {
  if (value === undefined) return []
  return value
    .split(',')
    .map(item => item.trim().toLowerCase())
    .filter(item => item !== '')
}

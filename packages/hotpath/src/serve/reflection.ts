/** Shorter values are found in anything. */
const SHORTEST = 4

/** An answer in which values are looked for, in any case: `URL` and others change that of what they show. */
export class Shown {
  private texts: readonly string[] | undefined = undefined

  constructor(
    private readonly body: Buffer,
    private readonly fields: readonly string[],
  ) {}

  /**
   * Whether it shows one of these, as they were sent or decoded, which are not in its key: then whoever
   * sent it would choose what others see (web cache poisoning), whatever was compared before.
   */
  any(values: readonly string[]): boolean {
    return values.some(value => this.one(value) || this.one(decoded(value)))
  }

  private one(value: string): boolean {
    if (value.length < SHORTEST) return false
    const [head, body] = (this.texts ??= [
      this.fields
        .filter((_, at) => at % 2 === 1)
        .join('\n')
        .toLowerCase(),
      lowerBytes(this.body),
    ]) as [string, string]
    return head.includes(value.toLowerCase()) || body.includes(lowerBytes(Buffer.from(value)))
  }
}

/** Of both sides the bytes: an answer need not be text. */
const lowerBytes = (bytes: Buffer): string => bytes.toString('latin1').toLowerCase()

/** A header as it may be shown: of cookies each value, of credentials what follows the scheme. */
export function partsOf(name: string, value: string): readonly string[] {
  if (name === 'cookie')
    return value.split(';').map(cookie => cookie.slice(cookie.indexOf('=') + 1).trim())
  if (name === 'authorization') return [value.slice(value.indexOf(' ') + 1)]
  return [value]
}

/** Headers that gateways and attackers add: looked for though nobody was seen to read them. */
export const isForwarded = (name: string): boolean => name.startsWith('x-') || name === 'forwarded'

function decoded(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '))
  } catch {
    return value
  }
}

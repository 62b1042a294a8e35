/** Paths whose match is remembered. */
const MOST_PATHS = 2000

/**
 * Which of some route templates a target may belong to. A guess, on the generous side: of what routers differ in
 * (capitals, encoded letters, slashes that are doubled or at the end) nothing tells two paths apart.
 */
export class PathMatch<T extends object> {
  private readonly exact = new Map<string, T>()
  private readonly patterns: { readonly segments: readonly string[]; readonly value: T }[] = []
  private readonly paths = new Map<string, T | null>()

  constructor(templates: readonly (readonly [template: string, value: T])[]) {
    for (const [template, value] of templates) {
      const segments = segmentsOf(template)
      if (segments.every(isLiteral)) this.exact.set(segments.join('/'), value)
      else this.patterns.push({ segments, value })
    }
  }

  candidate(url: string): T | undefined {
    const query = url.indexOf('?')
    const path = query < 0 ? url : url.slice(0, query)
    const known = this.paths.get(path)
    if (known !== undefined) return known ?? undefined
    const found = this.find(path)
    if (this.paths.size >= MOST_PATHS) this.paths.clear()
    if (path.length <= 200) this.paths.set(path, found ?? null)
    return found
  }

  private find(path: string): T | undefined {
    if (path.charCodeAt(0) !== 47) return undefined
    const segments = segmentsOf(decoded(path))
    return (
      this.exact.get(segments.join('/')) ??
      this.patterns.find(pattern => matches(pattern.segments, segments))?.value
    )
  }
}

/** In lower case, without the empty ones: routers differ in what they tell apart. */
function segmentsOf(path: string): string[] {
  return path
    .toLowerCase()
    .split('/')
    .filter(segment => segment !== '')
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

const isLiteral = (segment: string): boolean => /^[\w.~%-]+$/.test(segment)

function matches(pattern: readonly string[], path: readonly string[]): boolean {
  for (let at = 0; at < pattern.length; at++) {
    const segment = pattern[at] as string
    // Optional parts, wildcards, regular expressions: the router knows, all that follows may be.
    if (!isLiteral(segment) && !/^:\w+$/.test(segment)) return true
    const given = path[at]
    if (given === undefined || (isLiteral(segment) && given !== segment)) return false
  }
  return path.length === pattern.length
}

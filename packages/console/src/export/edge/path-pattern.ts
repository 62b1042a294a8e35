/**
 * A regular expression for the path of a route, on the generous side, as the app's own policies take it: a slash
 * at the end may be there, a parameter is any segment, and what only the router knows is anything.
 *
 *     pathPattern('/users/:id') // '^/users/[^/]+/?$'
 */
export function pathPattern(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/').filter(each => each !== '')) {
    if (/^:\w+$/.test(part)) parts.push('/[^/]+')
    else if (/^[\w.~%-]+$/.test(part)) parts.push(`/${part.replaceAll('.', '\\.')}`)
    else return `^${parts.join('')}(?:/.*)?$`
  }
  return `^${parts.join('')}/?$`
}

// A loader that gives the source of CommonJS itself: Node then does not compile it by `_compile`.
import { register } from 'node:module'

const hooks = `
  import { readFileSync } from 'node:fs'
  export async function load(url, context, next) {
    const loaded = await next(url, context)
    if (loaded.format !== 'commonjs' || !url.startsWith('file:')) return loaded
    return { ...loaded, source: readFileSync(new URL(url)) }
  }
`
register(`data:text/javascript,${encodeURIComponent(hooks)}`)

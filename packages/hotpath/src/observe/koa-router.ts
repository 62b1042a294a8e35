import { caught } from '../trace/counts.js'
import { onEsModule } from '../trace/es-module.js'
import { onModule } from '../trace/module-load.js'
import { recorder } from '../trace/recorder.js'
import { reaching } from '../trace/reaching.js'
import { noteGivenRoute } from '../trace/routes.js'
import { holdLayer } from './koa-limit.js'
import { patchMethod } from './patch-method.js'

interface Layer {
  readonly path: unknown
  readonly methods: readonly string[]
}
interface Match {
  readonly route?: unknown
  readonly pathAndMethod?: readonly Layer[]
}

/**
 * The routes of Koa, by its routers `@koa/router` and `koa-router`: `match` says which of their layers
 * answer, before the first of them runs. Koa itself has no routes.
 */
export function observeKoaRouter(): void {
  for (const file of ['/@koa/router/lib/router.js', '/koa-router/lib/router.js'])
    onModule(file, patchRouter)
  for (const name of ['@koa/router', 'koa-router']) {
    onModule(`/${name}/dist/index.js`, patchRouter)
    onEsModule(name, 'dist/index.mjs', patchRouter)
  }
}

function patchRouter(exports: unknown): void {
  const { Router, default: standard } = exports as Record<string, unknown>
  const found = [exports, Router, standard].find(one => typeof one === 'function')
  const { prototype } = (found ?? {}) as { prototype?: object }
  if (prototype === undefined) return
  patchMethod(
    prototype,
    'match',
    original =>
      function match(..._args: unknown[]) {
        const result: unknown = original.apply(this, arguments as unknown as unknown[])
        try {
          nameRoute(result as Match)
        } catch {
          caught('observe.koa-router')
        }
        return result
      },
  )
  patchMethod(
    prototype,
    'register',
    original =>
      function register(path: unknown) {
        noteGivenRoute(path)
        const made: unknown = original.apply(this, arguments as unknown as unknown[])
        try {
          if (reaching.expected) holdLayer(made, this)
        } catch {
          caught('observe.koa-router')
        }
        return made
      },
  )
}

/** As Koa's router does: of several that match, the last is the route. */
function nameRoute({ route, pathAndMethod }: Match): void {
  if (route !== true && typeof route !== 'object') return
  const layer = pathAndMethod?.filter(({ methods }) => methods.length > 0).at(-1)
  if (layer !== undefined) recorder.setRoute(String(layer.path))
}

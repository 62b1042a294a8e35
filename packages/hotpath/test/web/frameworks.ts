import type { Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import type { Readable } from 'node:stream'
import type { ResponseCacheConfig } from '../../dist/config/response-cache.js'
import type { MountFigures } from '../../dist/web/mount.js'

const require = createRequire(import.meta.url)

/** What a handler knows of its request: its headers by name, and what middleware made of them before. */
export interface Asked {
  header(name: string): string | undefined
  /** `x-region`, read by middleware that stands before all mounts. */
  readonly region: string
}

export interface Told {
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string | Readable
}

/** A route with its answers kept, in the terms of none of the frameworks. */
export interface Route {
  readonly path: string
  readonly policy: ResponseCacheConfig
  handle(asked: Asked): Told | Promise<Told>
}

/** A server that listens, and is closed with its connections. */
export interface Listening extends AsyncDisposable {
  readonly url: string
  readonly server: Server
}

/** An app of one framework on a real server. */
interface App extends Listening {
  figures(path: string): MountFigures
}

type Build = (routes: readonly Route[], figures: Map<string, () => MountFigures>) => Promise<Server>

const builds = require('../../test/apps/mounted.cjs') as Readonly<Record<string, Build>>

export const frameworks = Object.keys(builds)

/** Starts an app with these routes. Each answer of the app's own has another `x-request-id`. */
export async function startApp(framework: string, routes: readonly Route[]): Promise<App> {
  const figures = new Map<string, () => MountFigures>()
  const server = await (builds[framework] as Build)(routes, figures)
  const listening = await listen(server)
  return Object.assign(listening, {
    figures: (path: string) => (figures.get(path) as () => MountFigures)(),
  })
}

export async function listen(server: Server): Promise<Listening> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    server,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

import assert from 'node:assert/strict'
import { type IncomingHttpHeaders, request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { ObservedApp } from '../observed.js'
import { until } from './cached-server.js'

/** What came back, its body also as it went over the wire. */
export interface Got {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly bytes: Buffer
  readonly body: string
  readonly hit: boolean
}

/** One of several instances that share answers: on an address of its own, asked by the name that all have. */
export class Instance {
  private constructor(
    readonly app: ObservedApp,
    private readonly host: string,
    private readonly port: number,
  ) {}

  /** @param frontUrl Where purges for the cache in front go; '': there is none. */
  static async start(
    name: string,
    host: string,
    port: number,
    redis: number,
    frontUrl = '',
    program = 'shared',
    more: Readonly<Record<string, string>> = {},
  ): Promise<Instance> {
    const config = fileURLToPath(new URL(`../../test/apps/${program}.config.mjs`, import.meta.url))
    const app = await ObservedApp.start(`${program}.mjs`, {
      ...more,
      NAME: name,
      HOST: host,
      PORT: String(port),
      REDIS_URL: `redis://127.0.0.1:${redis}`,
      FRONT_URL: frontUrl,
      HOTPATH_CONFIG: config,
    })
    return new Instance(app, host, port)
  }

  get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Got> {
    const { host, port } = this
    return new Promise((resolve, reject) => {
      const own = { host: 'shop.test', ...headers }
      const asked = request({ host, port, path, method, headers: own, agent: false })
      asked.on('error', reject)
      asked.on('response', async response => {
        const chunks: Buffer[] = []
        for await (const chunk of response) chunks.push(chunk as Buffer)
        const bytes = Buffer.concat(chunks)
        const { headers: got, statusCode: status = 0 } = response
        const hit = String(got['cache-status']).includes('hit')
        resolve({ status, headers: got, bytes, body: String(bytes), hit })
      })
      asked.end()
    })
  }

  /** Asks until the answer is one from the cache that says this. */
  serves(path: string, part: string, headers: Record<string, string> = {}): Promise<void> {
    return until(async () => {
      const { hit, body } = await this.get(path, headers)
      return hit && body.includes(part)
    }, `a hit of ${path} with "${part}"`)
  }
}

/** Ends them; none has caught an exception, but for those of a store that was away. */
export async function finish(...instances: readonly (Instance | undefined)[]): Promise<void> {
  for (const instance of instances) {
    const { errors } = (await instance?.app.finish()) ?? { errors: [] }
    assert.deepEqual(
      errors.filter(where => !where.startsWith('cache.store')),
      [],
    )
  }
}

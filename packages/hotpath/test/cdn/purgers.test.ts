import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe } from 'node:test'
import { cloudflare, cloudfront, fastly, nginx, varnish } from 'hotpath/cdn'
import { cdnPurgerContract, type OpenCdn } from 'hotpath/contract/cdn-purger'
import { type Front, noNginx, noVarnish, startNginx, startVarnish } from './fronts.js'
import {
  awsError,
  Cloudfront,
  cloudflareForm,
  fastlyForm,
  Service,
  TOKEN,
  ZONE,
} from './services.js'

describe('Varnish', { skip: noVarnish() ?? false }, () => {
  cdnPurgerContract('varnish', () =>
    openFront(
      startVarnish,
      url => varnish({ url }),
      name => `key-${name}`,
    ),
  )
})

describe('nginx', { skip: noNginx() ?? false }, () => {
  cdnPurgerContract('nginx', () =>
    openFront(
      startNginx,
      url => nginx({ url }),
      (name, host) => `${host}/${name}?of=this%20test&n=1`,
    ),
  )
})

cdnPurgerContract('cloudflare', async () => {
  const service = await Service.start(cloudflareForm)
  return openService(service, cloudflare({ zone: ZONE, token: TOKEN, api: service.url }))
})

cdnPurgerContract('fastly', async () => {
  const service = await Service.start(fastlyForm)
  const options = { service: 'SU1Z0isxPaozGVKXdv0eY', token: TOKEN, api: service.url }
  return openService(service, fastly(options))
})

for (const by of ['path', 'tag'] as const)
  cdnPurgerContract(`cloudfront by ${by}`, async () => {
    const service = new Cloudfront()
    const { send, kept } = service
    const sent = (name: string) => (by === 'tag' ? `#${name}` : `/${name}`)
    return {
      purger: cloudfront({ distribution: 'EDFDVBD6EXAMPLE', send, by }),
      itemOf: name => (by === 'tag' ? name : `shop.example/${name}`),
      keep: async name => void kept.add(sent(name)),
      holds: async name => kept.has(sent(name)),
      away: async () => void (service.error = awsError('TooManyInvalidationsInProgress', 400)),
      back: async () => void (service.error = undefined),
      close: async () => {},
    }
  })

/** A real cache, before an app whose every answer is another. */
async function openFront(
  start: (appPort: number) => Promise<Front>,
  purgerAt: (url: string) => OpenCdn['purger'],
  itemOf: (name: string, host: string) => string,
): Promise<OpenCdn> {
  let n = 0
  const app = createServer((request, response) => {
    const [, name = ''] = /^\/([^?]*)/.exec(request.url ?? '') ?? []
    response.setHeader('X-Accel-Expires', '600')
    response.setHeader('CDN-Cache-Control', 'max-age=600')
    response.setHeader('Surrogate-Key', `one-more key-${name}`)
    response.end(String(++n))
  })
  await new Promise<void>(resolve => app.listen(0, '127.0.0.1', resolve))
  const front = await start((app.address() as AddressInfo).port)
  const { url } = front
  const read = async (name: string): Promise<string> =>
    (await fetch(`${url}/${name}?of=this%20test&n=1`)).text()
  const kept = new Map<string, string>()
  return {
    purger: purgerAt(url),
    itemOf: name => itemOf(name, url.slice('http://'.length)),
    keep: async name => void kept.set(name, await read(name)),
    // What it has not it asks the app for, and then has something else.
    holds: async name => (await read(name)) === kept.get(name),
    away: () => front.pause(),
    back: () => front.resume(),
    async close() {
      await front.stop()
      app.closeAllConnections()
      await new Promise(resolve => app.close(resolve))
    },
  }
}

function openService(service: Service, purger: OpenCdn['purger']): OpenCdn {
  const { kept } = service
  return {
    purger,
    itemOf: name => name,
    keep: async name => void kept.add(name),
    holds: async name => kept.has(name),
    away: () => service.away(),
    back: () => service.back(),
    async close() {
      await service.away()
      if (service.faults.length > 0) throw new Error(`no such call: ${service.faults.join()}`)
    },
  }
}

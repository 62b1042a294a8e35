import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { InvalidationInput } from '../../dist/drivers/cdn/index.js'

/** A call of a service's API, as its documentation wants it; `fault` says what is wrong with it. */
interface Read {
  readonly purged: readonly string[]
  readonly fault?: string
}

/** What a service answers when a call is right. */
interface Form {
  read(request: IncomingMessage, body: string): Read
  readonly success: string
}

export const ZONE = '023e105f4ecef8ad9ca31a8372d0c353'
export const TOKEN = 'a-token-of-the-test'

/** https://developers.cloudflare.com/api/resources/cache/methods/purge/: POST with `{ tags }`, 100 at most. */
export const cloudflareForm: Form = {
  read({ method, url, headers }, body) {
    const { tags, ...rest } = JSON.parse(body) as { tags: string[] }
    const fault =
      method !== 'POST' || url !== `/client/v4/zones/${ZONE}/purge_cache`
        ? `${method} ${url}`
        : headers.authorization !== `Bearer ${TOKEN}`
          ? 'authorization'
          : headers['content-type'] !== 'application/json'
            ? 'content-type'
            : Object.keys(rest).length > 0 ||
                tags.length > 100 ||
                tags.some(tag => /[\s,]/.test(tag))
              ? 'tags'
              : undefined
    return { purged: tags, ...(fault === undefined ? {} : { fault }) }
  },
  success: JSON.stringify({ success: true, errors: [], messages: [], result: { id: ZONE } }),
}

/** https://www.fastly.com/documentation/reference/api/purging/: POST with `{ surrogate_keys }`, 256 at most. */
export const fastlyForm: Form = {
  read({ method, url, headers }, body) {
    const { surrogate_keys: keys } = JSON.parse(body) as { surrogate_keys: string[] }
    const fault =
      method !== 'POST' || url !== '/service/SU1Z0isxPaozGVKXdv0eY/purge'
        ? `${method} ${url}`
        : headers['fastly-key'] !== TOKEN
          ? 'fastly-key'
          : headers['content-type'] !== 'application/json' || headers.accept !== 'application/json'
            ? 'content-type'
            : keys.length > 256 || keys.some(key => !/^[\x21-\x7e]{1,1024}$/.test(key))
              ? 'keys'
              : undefined
    return { purged: keys, ...(fault === undefined ? {} : { fault }) }
  },
  success: JSON.stringify({ a: '108-1391560174-974124' }),
}

type Reply = { readonly status: number; readonly headers?: Record<string, string>; body?: string }

/** A service on this machine: it keeps names, drops what a right call says, and refuses a wrong one. */
export class Service {
  readonly kept = new Set<string>()
  readonly faults: string[] = []
  calls = 0
  /** Instead of what it would answer. */
  reply: Reply | undefined
  #server: Server
  #port = 0

  private constructor(private readonly form: Form) {
    this.#server = this.#make()
  }

  static async start(form: Form): Promise<Service> {
    const service = new Service(form)
    await service.back()
    return service
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  async away(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  async back(): Promise<void> {
    this.#server = this.#make()
    await new Promise<void>(resolve => this.#server.listen(this.#port, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
  }

  #make(): Server {
    return createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => void chunks.push(chunk))
      request.on('end', () => {
        const { status, headers = {}, body = '' } = this.#answer(request, Buffer.concat(chunks))
        response.writeHead(status, headers).end(body)
      })
    })
  }

  #answer(request: IncomingMessage, body: Buffer): Reply {
    this.calls++
    if (this.reply !== undefined) return this.reply
    const { purged, fault } = this.form.read(request, body.toString('utf8'))
    if (fault !== undefined) {
      this.faults.push(fault)
      return { status: 400 }
    }
    for (const key of purged) this.kept.delete(key)
    return { status: 200, headers: { 'content-type': 'application/json' }, body: this.form.success }
  }
}

/** CloudFront behind a client of AWS, as CreateInvalidation is documented: paths, wildcards, tags; the quantity. */
export class Cloudfront {
  readonly kept = new Set<string>()
  readonly inputs: InvalidationInput[] = []
  error: Error | undefined

  readonly send = async (
    input: InvalidationInput,
    { abortSignal }: { abortSignal: AbortSignal },
  ): Promise<object> => {
    abortSignal.throwIfAborted()
    if (this.error !== undefined) throw this.error
    const { DistributionId, InvalidationBatch } = input
    const { Quantity, Items } = InvalidationBatch.Paths
    const isKnown = DistributionId === 'EDFDVBD6EXAMPLE' && InvalidationBatch.CallerReference !== ''
    const areRight = Items.every(item => /^(?:\/[\x21-\x7e]*|#[\x21-\x7e]{1,256})$/.test(item))
    if (!isKnown || !areRight || Quantity !== Items.length || Items.length > 3_000)
      throw awsError('InvalidArgument', 400)
    this.inputs.push(input)
    for (const item of Items)
      if (item === '/*') this.kept.clear()
      else this.kept.delete(item)
    return { $metadata: { httpStatusCode: 201 }, Invalidation: { Id: 'I1', Status: 'InProgress' } }
  }
}

export const awsError = (name: string, httpStatusCode: number): Error =>
  Object.assign(new Error(name), { name, $metadata: { httpStatusCode } })

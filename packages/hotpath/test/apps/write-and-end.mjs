/** Writes what CDNs have to be told of, and has nothing else to do. */
import { once } from 'node:events'
import { get } from 'node:http'
import { createCache } from 'hotpath/cache'

// Answered when the front has had the purge at the start, and its repetition.
const [response] = await once(get(process.env.FRONT_URL, { agent: false }), 'response')
response.resume()
await once(response, 'close')
await createCache({ ttl: '1m' }).invalidate(['menu'])

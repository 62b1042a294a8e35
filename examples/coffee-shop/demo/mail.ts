import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a mail provider on another continent takes to accept a mail. */
const ACCEPT_MS = 300

/** Stands in for the mail provider: takes every mail, forgets it, and counts. */
export interface MailStandIn {
  readonly url: string
  readonly taken: number
  stop(): Promise<void>
}

/** Starts the stand-in on a free port of 127.0.0.1. */
export async function startMailStandIn(): Promise<MailStandIn> {
  let taken = 0
  const server = createServer((req, res) => {
    req.resume()
    req.on('end', () => {
      taken += 1
      setTimeout(() => res.writeHead(202).end(), ACCEPT_MS)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mails`,
    get taken() {
      return taken
    },
    stop: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

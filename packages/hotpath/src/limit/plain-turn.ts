import type { ServerResponse } from 'node:http'
import type { Refusal } from './refusal.js'
import type { Turn } from './route-limit.js'

/** A refusal is written as Node has it: below any framework, and in Express, whose answers are Node's. */
export class PlainTurn implements Turn {
  constructor(
    private readonly response: ServerResponse,
    readonly go: () => void,
  ) {}

  refuse({ status, fields, body }: Refusal): void {
    const { response } = this
    if (response.headersSent || response.destroyed) return
    response.statusCode = status
    for (const [name, value] of fields) response.setHeader(name, value)
    response.end(body)
  }

  tell(fields: readonly (readonly [string, string])[]): void {
    if (this.response.headersSent) return
    for (const [name, value] of fields) this.response.setHeader(name, value)
  }
}

import type { IncomingMessage, ServerResponse } from 'node:http'
import { subscribe } from 'node:diagnostics_channel'
import { context } from '../trace/context.js'
import { caught, contained } from '../trace/counts.js'
import { recorder } from '../trace/recorder.js'
import { type ServerSpan, startServerSpan } from './server-span.js'

interface Raw<Message> {
  readonly raw: Message
}
type Hook = (request: Raw<IncomingMessage>, reply: Raw<ServerResponse>, done: () => void) => void

/**
 * Requests of `fastify.inject`, by which Fastify's own guide has apps tested: no server has them, so they
 * pass no other gate. A hook before all of the app's opens their trace; what follows is called by `done`,
 * and so within it. An app that injects a request while it answers another has its statements there, as before.
 */
export function gateFastifyInject(): void {
  subscribe('fastify.initialization', message => {
    contained('gate.fastify-inject', () => {
      const { fastify } = message as { fastify: { addHook(name: string, hook: Hook): unknown } }
      fastify.addHook('onRequest', (request, reply, done) => {
        const span = open(request.raw, reply.raw)
        if (span === undefined) done()
        else context.run(span, done)
      })
    })
  })
}

function open(request: IncomingMessage, response: ServerResponse): ServerSpan | undefined {
  try {
    // First what tells requests of a server: those are many.
    if (!recorder.enabled || context.getStore() !== undefined) return undefined
    const isInjected =
      Reflect.get(response, 'isLightMyRequest') === true || '_lightMyRequest' in request
    if (!isInjected) return undefined
    const span = startServerSpan(request)
    // There is no socket that could close: the answer is over when it was written.
    response.once('finish', () => close(span, response))
    response.once('close', () => close(span, response))
    return span
  } catch {
    caught('gate.fastify-inject')
    return undefined
  }
}

function close(span: ServerSpan, response: ServerResponse): void {
  contained('gate.fastify-inject', () => {
    span.close(response.statusCode, response.writableFinished)
    // No answer is looked into here; what runs on after it holds the trace.
    span.trace.rows = null
  })
}

'use strict'
/** What users do with the API of OpenTelemetry; with REGISTER a provider of theirs is registered. */
exports.work = (api, http, serve) => {
  const { trace, context, ROOT_CONTEXT, SpanKind, SpanStatusCode } = api
  const results = []
  const check = (name, value) => results.push([name, value])

  if (process.env.REGISTER === 'first') register(api, results)
  const tracer = trace.getTracer('shop', '1.0')
  const key = api.createContextKey('user')

  const steps = {
    active: () =>
      tracer.startActiveSpan('price', { attributes: { 'shop.items': 3 } }, async span => {
        check('active span', trace.getActiveSpan() === span)
        await new Promise(resolve => setImmediate(resolve))
        check('active after await', trace.getActiveSpan() === span)
        tracer.startSpan('discount', { kind: SpanKind.CLIENT }).end()
        span.setAttribute('shop.city', 'Rome').setStatus({ code: SpanStatusCode.OK })
        span.end()
      }),
    byHand: async () => {
      const outer = tracer.startSpan('outer')
      await context.with(trace.setSpan(context.active(), outer), async () => {
        await new Promise(resolve => setImmediate(resolve))
        const inner = tracer.startSpan('inner', {}, context.active())
        inner.recordException(new TypeError('s3cr3t'))
        inner.setStatus({ code: SpanStatusCode.ERROR, message: 's3cr3t' })
        inner.end()
      })
      outer.end()
      outer.setAttribute('late', 1)
    },
    values: () =>
      context.with(context.active().setValue(key, 'Ann'), async () => {
        await new Promise(resolve => setImmediate(resolve))
        check('own value', context.active().getValue(key))
        tracer.startSpan('with value').end()
        const bound = context.bind(context.active(), () => context.active().getValue(key))
        check('bound', context.with(ROOT_CONTEXT, bound))
        check(
          'root is empty',
          context.with(ROOT_CONTEXT, () => trace.getActiveSpan() === undefined),
        )
        context.with(ROOT_CONTEXT, () => tracer.startSpan('a trace of its own').end())
        tracer.startSpan('root by option', { root: true }).end()
      }),
    foreign: () => {
      const theirs = { traceId: '3'.repeat(32), spanId: '4'.repeat(16), traceFlags: 1 }
      return context.with(trace.setSpanContext(context.active(), theirs), async () => {
        await new Promise(resolve => setImmediate(resolve))
        check('foreign', trace.getActiveSpan()?.spanContext().spanId)
        tracer.startSpan('below a foreign one').end()
      })
    },
    request: async () => {
      // What the recorder began, the app cannot end.
      trace.getActiveSpan()?.end()
      const span = trace.getActiveSpan()
      span?.setAttribute('shop.user', 'known')
      check('ids', /^[0-9a-f]{32}$/.test(span?.spanContext().traceId ?? ''))
      check(
        'throws pass',
        (() => {
          try {
            tracer.startActiveSpan('throws', () => {
              throw new Error('mine')
            })
          } catch (error) {
            return error.message
          }
        })(),
      )
    },
  }

  const server = http.createServer(async (request, response) => {
    results.length = 0
    for (const step of Object.values(steps)) await step()
    response.end(JSON.stringify(results))
  })
  if (process.env.REGISTER === 'last') register(api, results)
  serve(server)
}

/** A provider and a context manager that only tell that they were asked. */
function register(api) {
  const theirs = []
  const none = api.trace.wrapSpanContext({
    traceId: '1'.repeat(32),
    spanId: '2'.repeat(16),
    traceFlags: 1,
  })
  const tracer = {
    startSpan: name => (theirs.push(name), none),
    startActiveSpan: (name, ...rest) => (theirs.push(name), rest.at(-1)(none)),
  }
  const complaints = []
  const log = message => complaints.push(message)
  api.diag.setLogger(
    { error: log, warn: log, info() {}, debug() {}, verbose() {} },
    api.DiagLogLevel.ALL,
  )
  const manager = {
    active: () => api.ROOT_CONTEXT,
    with: (_context, fn, self, ...args) => fn.apply(self, args),
    bind: (_context, target) => target,
    enable: () => manager,
    disable: () => manager,
  }
  const done = [
    api.trace.setGlobalTracerProvider({ getTracer: () => tracer }),
    api.context.setGlobalContextManager(manager),
    api.propagation.setGlobalPropagator({
      inject() {},
      extract: context => context,
      fields: () => [],
    }),
    // As without us, a second one is refused, with a complaint.
    api.trace.setGlobalTracerProvider({ getTracer: () => tracer }),
  ]
  process.once('disconnect', () => {
    console.log(
      JSON.stringify({
        done,
        complaints: complaints.map(text => /Error: (.*)/.exec(text)?.[1]),
        theirs: theirs.length,
      }),
    )
  })
}

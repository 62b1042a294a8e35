import { contextManager } from './opentelemetry/context.js'
import { offer } from './opentelemetry/slot.js'
import { tellOtelPropagates } from '../trace/propagation.js'
import { tracerProvider } from './opentelemetry/tracer.js'

/**
 * Spans that the app's code makes with `@opentelemetry/api` join our trace, as long as no SDK is
 * registered; one that is, before us or after, has everything as if we were not there.
 */
export function observeOpenTelemetry(): void {
  const registered = offer({
    trace: tracerProvider(
      () => registered('trace') as ReturnType<typeof tracerProvider> | undefined,
    ),
    context: contextManager,
  })
  tellOtelPropagates(() => registered('propagation') !== undefined)
}

import { cut, readAttributes, type Losses } from './attributes.js'
import type { Resource } from './otlp/messages.js'

/** The process that telemetry comes from. */
export interface Source {
  readonly service: string
  readonly instance: string
  /** True for our own recorder, which counts every request itself. */
  readonly recorder: boolean
}

/** Characters of a service's or an instance's name that are kept. */
const nameChars = 256

export function readSource(resource: Resource | undefined, losses: Losses): Source {
  const attributes = readAttributes(resource?.attributes, losses)
  const text = (key: string): string => {
    const value = attributes[key]
    return value === undefined ? '' : cut(String(value), losses, nameChars)
  }
  // Without an id, host and process number tell the processes of a service apart for most of the time.
  const host = [text('host.name'), text('process.pid')].filter(part => part !== '').join(':')
  return {
    service: text('service.name') || 'unknown_service',
    instance: text('service.instance.id') || host,
    recorder: attributes['telemetry.sdk.name'] === 'hotpath',
  }
}

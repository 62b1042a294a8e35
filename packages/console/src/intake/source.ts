import type { ProcessInfo } from '../model.js'
import { cut, readAttributes, type Losses } from './attributes.js'
import type { Resource } from './otlp/messages.js'

/** The process that telemetry comes from. */
export interface Source {
  readonly service: string
  readonly instance: string
  /** True for our own recorder, which counts every request itself. */
  readonly recorder: boolean
  readonly process: ProcessInfo
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
  const service = text('service.name') || 'unknown_service'
  const instance = text('service.instance.id') || host
  const pid = attributes['process.pid']
  const hostName = text('host.name')
  const version = text('service.version')
  const runtime = runtimeOf(text('process.runtime.name'), text('process.runtime.version'))
  return {
    service,
    instance,
    recorder: attributes['telemetry.sdk.name'] === 'hotpath',
    process: {
      service,
      instance,
      ...(typeof pid === 'number' && Number.isSafeInteger(pid) && pid >= 0 ? { pid } : {}),
      ...(hostName === '' ? {} : { host: hostName }),
      ...(runtime === '' ? {} : { runtime }),
      ...(version === '' ? {} : { version }),
    },
  }
}

/** `nodejs` is the name by convention, `Node` the one that people say. */
function runtimeOf(name: string, version: string): string {
  return [name === 'nodejs' ? 'Node' : name, version].filter(part => part !== '').join(' ')
}

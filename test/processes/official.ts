import { createRequire } from 'node:module'
import { join } from 'node:path'
import { companyFolder } from '../run/company.js'

/** The part of protobufjs that is used: it is installed with the other tracers. */
interface Type {
  readonly fields: Readonly<Record<string, Field>>
  decode(bytes: Uint8Array): object
  encode(message: object): { finish(): Uint8Array }
  verify(message: object): string | null
  fromObject(plain: object): object
  toObject(message: object, options: object): Record<string, unknown>
}
interface Field {
  readonly type: string
  readonly resolvedType: (Type & { readonly values?: object }) | null
}
interface Root {
  resolvePath: (origin: string, target: string) => string
  loadSync(files: readonly string[]): Root
  resolveAll(): Root
  lookupType(name: string): Type
}

export type Signal = 'traces' | 'metrics'

/** OTLP as its authors define it: the .proto files of opentelemetry-proto, read by protobufjs. */
export class OfficialOtlp {
  readonly #types: Readonly<Record<Signal, Type>>

  constructor() {
    const fromCompany = createRequire(join(companyFolder(), 'package.json'))
    const { Root } = fromCompany('protobufjs') as { Root: new () => Root }
    const folder = join(
      companyFolder(),
      'node_modules/dd-trace/packages/dd-trace/src/opentelemetry/otlp',
    )
    const root = new Root()
    root.resolvePath = (_, target) => join(folder, target)
    root.loadSync(['trace_service.proto', 'metrics_service.proto']).resolveAll()
    const service = 'opentelemetry.proto.collector'
    this.#types = {
      traces: root.lookupType(`${service}.trace.v1.ExportTraceServiceRequest`),
      metrics: root.lookupType(`${service}.metrics.v1.ExportMetricsServiceRequest`),
    }
  }

  /** Reads protobuf; throws when it is not what the schema says, to the last byte. */
  readProtobuf(signal: Signal, bytes: Uint8Array): Record<string, unknown> {
    const type = this.#types[signal]
    const message = type.decode(bytes)
    // A field that the schema does not know would be skipped, and missing here.
    const again = type.encode(message).finish().length
    if (again !== bytes.length) throw new Error(`${bytes.length - again} bytes are of no field`)
    return this.#plain(type, message)
  }

  /** Reads OTLP's JSON, in which ids are hexadecimal; throws at a name or a value that is none. */
  readJson(signal: Signal, text: string): Record<string, unknown> {
    const type = this.#types[signal]
    const plain = idsToBase64(JSON.parse(text)) as object
    refuseUnknown(type, plain, signal)
    return this.#plain(type, type.fromObject(plain))
  }

  #plain(type: Type, message: object): Record<string, unknown> {
    const wrong = type.verify(message)
    if (wrong !== null) throw new Error(wrong)
    return type.toObject(message, { longs: String, bytes: String, enums: String, defaults: false })
  }
}

function idsToBase64(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(idsToBase64)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) =>
      /^(?:trace|span|parentSpan)Id$/.test(key)
        ? [key, Buffer.from(inner as string, 'hex').toString('base64')]
        : [key, idsToBase64(inner)],
    ),
  )
}

function refuseUnknown(type: Type, plain: object, path: string): void {
  for (const [name, value] of Object.entries(plain)) {
    const field = type.fields[name]
    if (field === undefined) throw new Error(`${path} has no field ${name}`)
    const inner = field.resolvedType
    if (inner === null || inner.values !== undefined) continue
    for (const item of Array.isArray(value) ? value : [value])
      refuseUnknown(inner, item as object, `${path}.${name}`)
  }
}

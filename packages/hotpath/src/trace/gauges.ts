import type { AttributeValue } from './attributes.js'
import { contained } from './counts.js'

/** A figure of this process at the moment when it is read. */
export interface Gauge {
  readonly name: string
  /** UCUM, as the metric's convention has it. */
  readonly unit: string
  /**
   * How it travels: a `gauge`; a `level`, which is what an UpDownCounter has come to; or what was
   * `used` since it was last read, of a Counter.
   */
  readonly kind: 'gauge' | 'level' | 'used'
  readonly attributes: Readonly<Record<string, AttributeValue>>
  readonly value: number
}

const sources: { readonly where: string; readonly read: () => readonly Gauge[] }[] = []

/**
 * Adds figures that are read with each delivery of metrics, never per request.
 *
 *     addGauges('gate.pg-pool', () => [{ name: 'db.client.connection.max', ... }])
 */
export function addGauges(where: string, read: () => readonly Gauge[]): void {
  sources.push({ where, read })
}

/** All figures now; of a source that throws none, and that is counted. */
export function readGauges(): Gauge[] {
  return sources.flatMap(({ where, read }) => contained(where, read) ?? [])
}

import type { CDPSession } from 'playwright-core'

/** What a page holds after a garbage collection. */
export interface Held {
  /** Of objects, arrays, closures, strings and numbers; not of code, which grows while it is made faster. */
  readonly bytes: number
  /** Of the document, detached ones too. */
  readonly nodes: number
  readonly listeners: number
}

interface Snapshot {
  readonly snapshot: {
    readonly meta: { readonly node_fields: string[]; readonly node_types: [string[]] }
  }
  readonly nodes: number[]
}

const ofData = new Set([
  'array',
  'string',
  'concatenated string',
  'sliced string',
  'object',
  'closure',
  'regexp',
  'number',
  'symbol',
  'bigint',
])

/** Looks at the whole heap of a page, through the devtools. */
export async function heldBy(devtools: CDPSession): Promise<Held> {
  await devtools.send('Performance.enable')
  await devtools.send('HeapProfiler.collectGarbage')
  const bytes = dataBytes(await snapshotOf(devtools))
  const { metrics } = await devtools.send('Performance.getMetrics')
  const value = (name: string): number => metrics.find(metric => metric.name === name)?.value ?? 0
  return { bytes, nodes: value('Nodes'), listeners: value('JSEventListeners') }
}

async function snapshotOf(devtools: CDPSession): Promise<Snapshot> {
  const chunks: string[] = []
  const add = ({ chunk }: { chunk: string }): void => void chunks.push(chunk)
  devtools.on('HeapProfiler.addHeapSnapshotChunk', add)
  await devtools.send('HeapProfiler.takeHeapSnapshot', {})
  devtools.off('HeapProfiler.addHeapSnapshotChunk', add)
  return JSON.parse(chunks.join('')) as Snapshot
}

function dataBytes({ snapshot: { meta }, nodes }: Snapshot): number {
  const width = meta.node_fields.length
  const type = meta.node_fields.indexOf('type')
  const size = meta.node_fields.indexOf('self_size')
  let bytes = 0
  for (let at = 0; at < nodes.length; at += width)
    if (ofData.has(meta.node_types[0][nodes[at + type] ?? 0] ?? '')) bytes += nodes[at + size] ?? 0
  return bytes
}

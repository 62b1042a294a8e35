/** What came back of many requests: how often each status, and how often none. */
export type Statuses = Readonly<Record<string, number>>

/**
 * Sends one GET to each URL, `concurrency` under way at a time, and reads every answer to its end.
 * A connection that is refused or cut off counts as `failed`.
 */
export async function getAll(urls: readonly string[], concurrency: number): Promise<Statuses> {
  const statuses: Record<string, number> = {}
  const queue = urls.values()
  const client = async (): Promise<void> => {
    for (const url of queue) {
      const status = await get(url)
      statuses[status] = (statuses[status] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: concurrency }, client))
  return statuses
}

async function get(url: string): Promise<string> {
  try {
    const response = await fetch(url)
    await response.arrayBuffer()
    return String(response.status)
  } catch {
    return 'failed'
  }
}

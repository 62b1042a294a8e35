import { inRoot } from '../root.js'
import type { PgConnection } from './shapes.js'

/** To clean a session may take a while: large temporary tables are dropped. */
const CLEAN_MS = 5000
/** A request waits for it: a server that takes longer is asked for a new connection. */
const PING_MS = 1000

/** A statement, and the tag with which the server completes it. */
export type Told = readonly [text: string, tag: string]

/**
 * Sends statements on a connection that no client holds, in one write. Resolves with the first
 * column of the last row that came; rejects when one of them fails or is answered by something
 * else, the connection breaks, or nothing comes in time.
 */
export async function exchange(
  connection: PgConnection,
  statements: readonly Told[],
): Promise<string | undefined> {
  const { value, tags } = await answered(connection, CLEAN_MS, statements.length, () => {
    if (statements.length > 1) connection.stream.cork()
    for (const [text] of statements) connection.query(text)
    if (statements.length > 1) connection.stream.uncork()
  })
  // An answer of the last client that was still on its way would shift all others by one.
  const expected = statements.map(([, tag]) => tag)
  if (tags.join() !== expected.join()) {
    throw new Error(`expected the answers ${expected.join()}, but got ${tags.join()}`)
  }
  return value
}

/** One round trip that does nothing: whether the connection still stands. */
export async function ping(connection: PgConnection): Promise<void> {
  await answered(connection, PING_MS, 1, () => connection.sync())
}

/**
 * Waits until the server is ready: the driver rejects a statement with the error message, and the
 * server says that it is ready in the next. Resolves with the status of the transaction.
 */
export async function ready(connection: PgConnection): Promise<unknown> {
  return (await answered(connection, CLEAN_MS, 1, () => {})).status
}

interface Answers {
  readonly value: string | undefined
  readonly tags: readonly string[]
  readonly status: unknown
}

function answered(
  connection: PgConnection,
  limitMs: number,
  answers: number,
  send: () => void,
): Promise<Answers> {
  return new Promise((resolve, reject) => {
    let left = answers
    let value: string | undefined
    const tags: string[] = []
    const listeners: Record<string, (message: never) => void> = {
      dataRow({ fields }: { fields?: unknown[] }) {
        value = String(fields?.[0])
      },
      commandComplete({ text }: { text?: unknown }) {
        tags.push(String(text))
      },
      readyForQuery({ status }: { status?: unknown }) {
        left--
        if (left === 0) end(() => resolve({ value, tags, status }))
      },
      errorMessage: error => end(() => reject(error as Error)),
      error: error => end(() => reject(error as Error)),
      end: () => end(() => reject(new Error('the connection ended'))),
    }
    const late = () => end(() => reject(new Error(`no answer in ${limitMs} ms`)))
    const timer = inRoot(setTimeout, late, limitMs)
    for (const [event, listener] of Object.entries(listeners)) {
      connection.on(event, listener as (message: unknown) => void)
    }
    send()

    function end(settle: () => void): void {
      clearTimeout(timer)
      for (const [event, listener] of Object.entries(listeners)) {
        connection.off(event, listener as (message: unknown) => void)
      }
      settle()
    }
  })
}

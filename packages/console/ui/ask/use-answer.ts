import { useEffect, useReducer, useRef } from 'preact/hooks'
import type { AskError } from './ask.js'
import { Channel } from './channel.js'
import { everyMs } from './rounds.js'

export interface Asked<T> {
  /** The newest; while another question is under way, that of the question before, so that nothing jumps. */
  readonly answer: T | undefined
  readonly error: AskError | undefined
  /** True while `answer` belongs to the question before or could not be renewed: to be dimmed. */
  readonly old: boolean
  retry(): void
}

/** Questions that are remembered without a listener, so that Back shows at once what was there. */
const mostChannels = 24
const channels = new Map<string, Channel<unknown>>()

/**
 * Asks the console, and again every `every` milliseconds; a question about the time up to now in the
 * rounds of the view (rounds.ts) instead. Null as `every` asks once, as `path` nothing.
 *
 *     const { answer, error, retry } = useAnswer<RoutesAnswer>('routes?since=15m')
 */
export function useAnswer<T>(path: string | null, every: number | null = everyMs): Asked<T> {
  const [, changed] = useReducer((n: number) => n + 1, 0)
  const before = useRef<T>(undefined)
  const channel = path === null ? undefined : channelOf<T>(path, every)
  useEffect(() => channel?.listen(() => changed(0)), [channel])
  const heard = channel?.heard
  if (heard?.answer !== undefined) before.current = heard.answer
  // What the console refuses (an id that it does not know) has no older answer to stand in for it.
  const refused = heard?.error !== undefined && !heard.error.passes
  const answer =
    path === null ? undefined : (heard?.answer ?? (refused ? undefined : before.current))
  return {
    answer,
    error: heard?.error,
    old: answer !== undefined && (heard?.answer === undefined || heard.error !== undefined),
    retry: () => channel?.now(),
  }
}

/**
 * What the answers that are remembered hold already, the newest first: a list knows the head of what
 * it links to. Asks nothing.
 */
export function remembered<T>(path: RegExp): T[] {
  return [...channels]
    .filter(([key]) => path.test(key.slice(key.indexOf(' ') + 1)))
    .flatMap(([, { heard }]) => (heard.answer === undefined ? [] : [heard.answer as T]))
    .toReversed()
}

function channelOf<T>(path: string, every: number | null): Channel<T> {
  const key = `${every} ${path}`
  const known = channels.get(key) as Channel<T> | undefined
  const channel = known ?? new Channel<T>(path, every)
  // The one used last is the last in the map, so the first idle one is the oldest.
  channels.delete(key)
  channels.set(key, channel as Channel<unknown>)
  for (const [oldKey, old] of channels) {
    if (channels.size <= mostChannels) break
    if (old.idle && oldKey !== key) channels.delete(oldKey)
  }
  return channel
}

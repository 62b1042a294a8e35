import { AsyncLocalStorage } from 'node:async_hooks'
import type { OpenSpan } from './span.js'

/** The one async context of the recorder: the span in which the app's code runs. */
export const context = new AsyncLocalStorage<OpenSpan | undefined>()

/**
 * Whether Node puts the context back when a callback of its own returns, whatever was entered in it: so where the
 * context is a frame (Node 24; 22 by a flag). Before that it hangs on an async resource, as the connection of a
 * request is one, and stays there; the storage then has a field for it.
 */
export const isPutBack = !('kResourceStore' in context)

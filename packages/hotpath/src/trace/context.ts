import { AsyncLocalStorage } from 'node:async_hooks'
import type { OpenSpan } from './span.js'

/** The one async context of the recorder: the span in which the app's code runs. */
export const context = new AsyncLocalStorage<OpenSpan | undefined>()

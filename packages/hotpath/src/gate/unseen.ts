import { recorder } from '../trace/recorder.js'

/** Nobody's statement: it is neither traced nor looked at by the stages. A subclass may answer with a promise. */
export function unseen(call: () => unknown): void {
  const { enabled } = recorder
  recorder.enabled = false
  try {
    const result = call()
    if (result instanceof Promise) result.catch(() => {})
  } finally {
    recorder.enabled = enabled
  }
}

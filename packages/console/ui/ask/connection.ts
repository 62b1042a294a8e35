import { useEffect, useState } from 'preact/hooks'

/** Whether the console answers. When it does again, all questions that failed are asked again. */
const listeners = new Set<() => void>()
let away = false

export function awayNow(): void {
  change(true)
}

export function backAgain(): void {
  change(false)
}

/** Calls `listener` when the console answers after it did not. */
export function onBack(listener: () => void): () => void {
  return onChange(() => {
    if (!away) listener()
  })
}

export function useAway(): boolean {
  const [shown, setShown] = useState(away)
  useEffect(() => onChange(() => setShown(away)), [])
  return shown
}

function change(to: boolean): void {
  if (away === to) return
  away = to
  for (const listener of listeners) listener()
}

function onChange(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

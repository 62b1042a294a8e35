let byPool = 0

/** Around what a pool does to open a connection: its clients are its own, and never shared. */
export function openedByPool<T>(open: () => T): T {
  byPool++
  try {
    return open()
  } finally {
    byPool--
  }
}

/** Whether a pool opens the client that connects now. */
export function isOpenedByPool(): boolean {
  return byPool > 0
}

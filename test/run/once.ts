import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes what all tests use, in one process; others that want it at the same time wait until it is
 * there. A process that died over it has its place taken by the next.
 *
 *     once(folder, () => existsSync(binary), () => install(folder))
 */
export function once(folder: string, isDone: () => boolean, make: () => void): void {
  const lock = `${folder}.lock`
  mkdirSync(dirname(folder), { recursive: true })
  // In this order: what is half made may look done, and its maker holds the lock until it is whole.
  while (!isDone() || existsSync(lock)) {
    if (!taken(lock)) waitFor(lock)
    else
      try {
        if (!isDone()) make()
      } finally {
        rmSync(lock, { force: true })
      }
  }
}

function taken(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function waitFor(lock: string): void {
  if (isLeft(lock)) rmSync(lock, { force: true })
  // Callers are synchronous, as what they call is: a test's own processes do not run beside it.
  else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
}

/** Whether who took it is no more. A lock that is not written yet is nobody's, and waited for. */
function isLeft(lock: string): boolean {
  try {
    const owner = Number(readFileSync(lock, 'utf8'))
    if (owner > 0) process.kill(owner, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

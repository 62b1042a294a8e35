import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Account } from './account.js'

/** A new temporary directory that belongs to `account` and that it can enter. */
export function makeScratch(account: Account): string {
  // TMPDIR may be private to root; the other two are open to all.
  for (const parent of new Set([tmpdir(), '/tmp', '/var/tmp'])) {
    const folder = tryScratch(parent, account)
    if (folder !== undefined) return folder
  }
  throw new Error(`no temporary directory is open to the database's account, not even ${tmpdir()}`)
}

function tryScratch(parent: string, account: Account): string | undefined {
  let folder: string
  try {
    folder = mkdtempSync(join(parent, 'coffee-shop-'))
  } catch {
    return undefined
  }
  const { uid, gid } = account
  if (uid === undefined || gid === undefined) return folder
  chownSync(folder, uid, gid)
  chmodSync(folder, 0o700)
  const entered = spawnSync('/bin/sh', ['-c', 'cd "$0"', folder], { ...account, cwd: '/' })
  if (entered.status === 0) return folder
  rmSync(folder, { recursive: true, force: true })
  return undefined
}

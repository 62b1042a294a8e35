import { readFileSync } from 'node:fs'

/** An account of the machine, as `spawn` takes it; empty when the database may run as who we are. */
export interface Account {
  readonly uid?: number
  readonly gid?: number
}

/**
 * PostgreSQL refuses to run as root. Then it runs as `postgres` when the machine has that account,
 * else as `nobody`, which all have: no account is added to the machine.
 */
export function databaseAccount(): Account {
  if (process.getuid?.() !== 0) return {}
  const entries = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map(line => line.split(':'))
  for (const wanted of ['postgres', 'nobody']) {
    const entry = entries.find(([label]) => label === wanted)
    const uid = Number(entry?.[2])
    const gid = Number(entry?.[3])
    if (uid > 0 && gid > 0) return { uid, gid }
  }
  throw new Error(
    'PostgreSQL cannot run as root, and this machine has neither an account "postgres" nor "nobody"',
  )
}

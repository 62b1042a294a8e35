import type { Config } from '../config.js'
import { policyOf, pools } from './policy.js'
import { Lender } from './share/lender.js'
import { MysqlLender } from './share/mysql2/lender.js'

/** Who lends connections to clients; undefined unless the config says `pool: { share: true }`. */
export const sharing: {
  lender: Lender | undefined
  mysqlLender: MysqlLender | undefined
} = { lender: undefined, mysqlLender: undefined }

/** Does with connections what the config says, from now on. */
export function usePool({ pool }: Config): void {
  if (pool === undefined) return
  const policy = policyOf(pool)
  pools.policy = policy
  if (policy.shared === 0) return
  sharing.lender = new Lender(policy)
  sharing.mysqlLender = new MysqlLender(policy)
}

import type { Config } from '../config.js'
import { policyOf, pools } from './policy.js'
import { Lender } from './share/lender.js'

/** Who lends connections to clients; undefined unless the config says `pool: { share: true }`. */
export const sharing: { lender: Lender | undefined } = { lender: undefined }

/** Does with connections what the config says, from now on. */
export function usePool({ pool }: Config): void {
  if (pool === undefined) return
  const policy = policyOf(pool)
  pools.policy = policy
  if (policy.shared > 0) sharing.lender = new Lender(policy)
}

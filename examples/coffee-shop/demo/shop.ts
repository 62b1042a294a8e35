import type { Service } from './service.js'

/** Where what was started is to be reached. */
export interface Addresses {
  readonly api: string
  readonly console: string
}

export interface Shop {
  readonly shop: Service
  readonly addresses: Addresses
}

/** Starts the shop with these variables besides its own. */
export type StartShop = (env: Readonly<Record<string, string>>) => Promise<Shop>

/** `hotpath/identity`: whose request it is. docs/identity.md */
export type { TrustProxy } from '../config/trust-proxy.js'
export { ClientAddresses } from './client-address.js'
export { jwt, type JwtOptions } from './jwt.js'
export { keyHash } from './key-hash.js'
export { type Client, type Identify, type Identity, verified } from './verifies.js'

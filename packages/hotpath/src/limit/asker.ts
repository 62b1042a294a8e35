import type { IncomingMessage } from 'node:http'
import type { ClientAddresses } from '../identity/client-address.js'
import {
  addressesOf,
  type By,
  type Client,
  identityOf,
  type Identity,
  NO_ADDRESS,
  type WhoSettings,
} from './who.js'

/** Who it is, once that is known. */
export type Told = string | Client | undefined

/** Begins the key of who is not known: no header can, so nobody can spend in the name of an address. */
const UNKNOWN = '\0'

/** Whose requests a policy counts together. */
export class Asker {
  /** Undefined: the address. */
  private readonly identity: Identity | undefined
  private readonly asksSubject: boolean
  private readonly addresses: ClientAddresses

  constructor(
    by: By,
    keyHeader: string | undefined,
    settings: WhoSettings,
    /** A function of the config has thrown. */
    failed: () => void,
  ) {
    const known = { ...settings, ...(keyHeader === undefined ? {} : { keyHeader }) }
    this.addresses = addressesOf(settings)
    this.asksSubject = typeof by === 'function'
    if (by !== 'ip') this.identity = identityOf(by, known, failed)
  }

  who(request: IncomingMessage, subject: unknown): Told | Promise<Told> {
    const { identity } = this
    if (identity === undefined) return this.addressOf(request)
    return identity((this.asksSubject ? subject : request) as IncomingMessage)
  }

  keyOf(who: Told, request: IncomingMessage): string {
    const told = typeof who === 'object' ? who.key : who
    return told === undefined || told === '' ? UNKNOWN + this.addressOf(request) : told
  }

  private addressOf(request: IncomingMessage): string {
    return this.addresses.of(request) ?? NO_ADDRESS
  }
}

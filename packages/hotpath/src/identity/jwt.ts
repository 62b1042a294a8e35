import { createHash } from 'node:crypto'
import { HotpathError } from '../errors.js'
import { headerValue, rawListOf } from './header-value.js'
import { type Identify, type Identity, verified } from './verifies.js'

/** How tokens are verified. */
export interface JwtOptions {
  /** Where the public keys are: `https://id.example.com/.well-known/jwks.json`. */
  readonly jwks: string
  /** `iss` must be this, or one of these. */
  readonly issuer?: string | readonly string[]
  /** `aud` must hold this, or one of these. Without it tokens made for other services of the issuer count. */
  readonly audience?: string | readonly string[]
  /** The claim that tells who it is. Default `sub`. */
  readonly claim?: string
  /** The claim that tells the plan of who it is, for limits by plan. Default: none. */
  readonly plan?: string
  /** The header that has it, with or without `Bearer`. Default `authorization`. */
  readonly header?: string
  /** Default: RS, PS and ES of 256 to 512 bits, and EdDSA; never `none`, never a shared secret. */
  readonly algorithms?: readonly string[]
}

const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
]

/** A longer one is none that an issuer makes. */
const MOST_CHARACTERS = 8_192
/** Tokens that were verified lately: one costs 50 to 150 us to verify, and 2 us to recognise. */
const MOST_KNOWN = 2_000
const KNOWN_MS = 60_000

/** What we need of jose, which is an optional peer. */
interface Jose {
  createRemoteJWKSet(url: URL): unknown
  jwtVerify(
    token: string,
    keys: unknown,
    options: object,
  ): Promise<{ readonly payload: Readonly<Record<string, unknown>> }>
}

interface Known {
  readonly identity: Identity
  readonly untilMs: number
}

/**
 * Tells whose request it is by a signed token (RFC 7519) whose signature, lifetime, issuer and audience
 * have been verified, with the keys of a JWKS (RFC 7517) that jose fetches and renews. A token that is
 * missing, wrong or not verifiable now tells nobody: the request counts for its address.
 *
 *     identify: jwt({ jwks: 'https://id.example.com/jwks.json', issuer: 'https://id.example.com', audience: 'shop' })
 *
 * @throws HOTPATH_IDENTITY_OPTION
 */
export function jwt(options: JwtOptions): Identify {
  check(options)
  const tokens = new Tokens(options)
  return verified(request => tokens.identityOf(rawListOf(request)))
}

class Tokens {
  readonly #known = new Map<string, Known>()
  readonly #verify: Promise<((token: string) => Promise<Known>) | undefined>
  readonly #header: string

  constructor(options: JwtOptions) {
    this.#header = (options.header ?? 'authorization').toLowerCase()
    this.#verify = verifier(options)
  }

  identityOf(raw: readonly string[]): Identity | Promise<Identity> {
    const token = headerValue(raw, this.#header).replace(/^bearer +/i, '')
    // Of three parts: what is none is not worth a hash.
    if (token.length > MOST_CHARACTERS || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return undefined
    const digest = createHash('sha256').update(token).digest('base64')
    const known = this.#known.get(digest)
    if (known !== undefined && known.untilMs > Date.now()) return known.identity
    return this.#look(token, digest)
  }

  async #look(token: string, digest: string): Promise<Identity> {
    const verify = await this.#verify
    if (verify === undefined) return undefined
    try {
      const known = await verify(token)
      // The oldest goes: a Map keeps the order in which they came.
      if (this.#known.size >= MOST_KNOWN)
        this.#known.delete(this.#known.keys().next().value as string)
      this.#known.set(digest, known)
      return known.identity
    } catch {
      // Why is in the error, which quotes the token's claims.
      return undefined
    }
  }
}

async function verifier({
  jwks,
  issuer,
  audience,
  claim = 'sub',
  plan,
  algorithms = ALGORITHMS,
}: JwtOptions): Promise<((token: string) => Promise<Known>) | undefined> {
  const jose = await loadJose()
  if (jose === undefined) return undefined
  const keys = jose.createRemoteJWKSet(new URL(jwks))
  const asked = {
    algorithms,
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
    clockTolerance: 5,
  }
  return async token => {
    const { payload } = await jose.jwtVerify(token, keys, asked)
    const key = textOf(payload[claim])
    const identity =
      key === undefined || plan === undefined ? key : { key, plan: textOf(payload[plan]) }
    const endsMs = typeof payload['exp'] === 'number' ? payload['exp'] * 1000 : Infinity
    return { identity, untilMs: Math.min(endsMs, Date.now() + KNOWN_MS) }
  }
}

const textOf = (claim: unknown): string | undefined =>
  typeof claim === 'string' && claim !== '' ? claim : undefined

async function loadJose(): Promise<Jose | undefined> {
  // By a name in a variable: neither the compiler nor a bundler asks for it.
  const name = 'jose'
  try {
    return (await import(name)) as Jose
  } catch {
    process.stderr.write(
      'hotpath: jwt() needs the package jose to verify tokens, and without it knows nobody. Run "npm install jose".\n',
    )
    return undefined
  }
}

function check({ jwks, algorithms, claim, header }: JwtOptions): void {
  if (!URL.canParse(jwks) || !/^https?:/.test(jwks))
    wrong('jwks', 'the URL of a key set, such as https://id.example.com/jwks.json', jwks)
  if (algorithms?.some(name => !ALGORITHMS.includes(name)) === true)
    wrong('algorithms', `some of ${ALGORITHMS.join(', ')}`, algorithms.join(', '))
  if (claim === '') wrong('claim', 'the name of a claim, such as sub', claim)
  if (header !== undefined && !/^[\w-]+$/.test(header))
    wrong('header', 'the name of a header', header)
}

function wrong(option: string, expected: string, got: unknown): never {
  throw new HotpathError('HOTPATH_IDENTITY_OPTION', { option, expected, got: String(got) })
}

/** What a request header means to a shared cache. */
export enum Kind {
  Plain,
  /** Says who asks, or might: the request is private unless the policy names it. */
  Credential,
  Host,
  /** The request is no plain GET of the resource: a body, a range, another method or path in disguise. */
  Special,
  Length,
  /** If-None-Match, If-Modified-Since. */
  Condition,
  CacheControl,
}

const NAMED = new Map<string, Kind>([
  ['host', Kind.Host],
  ['content-length', Kind.Length],
  ['cache-control', Kind.CacheControl],
  ['if-none-match', Kind.Condition],
  ['if-modified-since', Kind.Condition],
  // The origin judges these (RFC 9110, 13.1); a stored answer is none of its states.
  ['if-match', Kind.Special],
  ['if-unmodified-since', Kind.Special],
  ['if-range', Kind.Special],
  ['range', Kind.Special],
  ['transfer-encoding', Kind.Special],
  ['upgrade', Kind.Special],
  ['expect', Kind.Special],
  // Frameworks that take the method or the path from here answer another question than the URL asks.
  ['x-http-method-override', Kind.Special],
  ['x-http-method', Kind.Special],
  ['x-method-override', Kind.Special],
  ['x-original-url', Kind.Special],
  ['x-original-uri', Kind.Special],
  ['x-rewrite-url', Kind.Special],
])

/**
 * Headers in which clients and gateways say who asks: RFC 9110's, API keys and tokens by any name, the
 * users of oauth2-proxy, Authelia, Envoy, Kong, Google IAP, Azure App Service, AWS ALB, Cloudflare
 * Access, Tailscale, and certificates that a proxy has checked.
 */
const CREDENTIAL = new RegExp(
  [
    '^(?:proxy-)?authorization$',
    '^cookie2?$',
    'api[-_]?key|apikey|token|secret|passw|signature|credential|jwt|session|assertion',
    'auth(?!ority)',
    '(?:^|[-_])users?(?:[-_](?!agent)|$)|(?:^|[-_])(?:userinfo|username|userid|uid|email|groups?|roles?|tenant|account|subject|principal|identity|consumer|claims|scopes?)(?:[-_]|$)',
    '(?:^|[-_])(?:client|m?tls|ssl|peer)[-_]?(?:cert|client|verify|dn|san|s-dn|issuer)|[-_]cert(?:[-_]|$)',
    '^x-amzn-oidc|^x-ms-client-principal|^x-goog-|^cf-access-|^tailscale-',
    '^dpop$|^x-key$|^x-sig$',
  ].join('|'),
)

/** A client may send any name: those that come again are few. */
const MOST = 1000
const LONGEST = 64
const known = new Map<string, Kind>()

/** The kind of a header, by its name in any case. */
export function kindOf(name: string): Kind {
  const kind = known.get(name)
  if (kind !== undefined) return kind
  const lower = name.toLowerCase()
  const found = NAMED.get(lower) ?? (isCredential(lower) ? Kind.Credential : Kind.Plain)
  if (known.size < MOST && name.length < LONGEST) known.set(name, found)
  return found
}

/** @param name In lower case. */
export function isCredential(name: string): boolean {
  // Fetch metadata: `Sec-Fetch-User: ?1` says that somebody clicked, not who.
  return CREDENTIAL.test(name) && !name.startsWith('sec-fetch-')
}

/**
 * Headers whose reading says nothing of the answer: framing, what is in the key always, and validators
 * and the client's cache control, which frameworks ask when they choose between 200 and 304. What says
 * who asks makes the request private, read or not.
 */
function isExempt(name: string): boolean {
  return (
    name === 'host' ||
    name === 'connection' ||
    name === 'content-length' ||
    name === 'content-type' ||
    name === 'keep-alive' ||
    name === 'te' ||
    name === 'trailer' ||
    name === 'cache-control' ||
    name === 'pragma' ||
    (NAMED.get(name) ?? Kind.Plain) !== Kind.Plain ||
    isCredential(name)
  )
}

/** @param allowed Inputs though they look like a credential. */
export function isInput(name: string, allowed: Pick<ReadonlySet<string>, 'has'>): boolean {
  return allowed.has(name) || !isExempt(name)
}

/** Headers of a request that may be inputs, in lower case. */
export function inputNames(rawHeaders: readonly string[], allowed: ReadonlySet<string>): string[] {
  const names: string[] = []
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] as string).toLowerCase()
    if (isInput(name, allowed)) names.push(name)
  }
  return names
}

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

type Environment = Readonly<Record<string, string | undefined>>

/** Where build systems and hosts say which commit runs. */
const COMMITS = [
  'GIT_SHA',
  'GIT_COMMIT',
  'GIT_COMMIT_SHA',
  'COMMIT_SHA',
  'SOURCE_COMMIT',
  'SOURCE_VERSION',
  'HEROKU_SLUG_COMMIT',
  'RENDER_GIT_COMMIT',
  'RAILWAY_GIT_COMMIT_SHA',
  'VERCEL_GIT_COMMIT_SHA',
  'KOYEB_GIT_SHA',
  'CI_COMMIT_SHA',
] as const
/** Told as Git shortens it in a large repository. */
const COMMIT_DIGITS = 12
const MOST_CHARACTERS = 64

/**
 * What runs, so that deployments can be told apart: `service.version`. As it is named for us, for
 * OpenTelemetry or for other tracers; else the commit that the host tells; else `version` of the app's
 * package.json, which many leave as it is. Undefined: nobody says.
 */
export function serviceVersion(root: string, environment: Environment): string | undefined {
  const named =
    printable(environment.HOTPATH_VERSION) ??
    printable(resourceAttribute(environment.OTEL_RESOURCE_ATTRIBUTES, 'service.version')) ??
    printable(environment.OTEL_SERVICE_VERSION) ??
    printable(environment.DD_VERSION)
  return named ?? commitOf(environment) ?? printable(packageVersion(root))
}

function commitOf(environment: Environment): string | undefined {
  const value = COMMITS.map(name => environment[name]).find(text =>
    /^[\da-f]{7,64}$/i.test(text ?? ''),
  )
  return value?.slice(0, COMMIT_DIGITS).toLowerCase()
}

/** `key=value,key=value`, values percent-encoded. */
function resourceAttribute(list: string | undefined, key: string): string | undefined {
  for (const pair of list?.split(',') ?? []) {
    const at = pair.indexOf('=')
    if (pair.slice(0, at).trim() !== key) continue
    const value = pair.slice(at + 1).trim()
    try {
      return decodeURIComponent(value)
    } catch {
      return value
    }
  }
  return undefined
}

function packageVersion(root: string): string | undefined {
  try {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      version?: unknown
    }
    return typeof version === 'string' ? version : undefined
  } catch {
    // None, or one that is not JSON.
    return undefined
  }
}

/** What a version is: a word. */
const printable = (text: string | undefined): string | undefined =>
  text !== undefined && text.length <= MOST_CHARACTERS && /^[!-~]+$/.test(text) ? text : undefined

/** What the environment decides, read once at start. */
export interface Config {
  /** `postgres://user:password@host:port/database`. */
  readonly databaseUrl: string
  /** Connections of one process. */
  readonly poolSize: number
  readonly port: number
  /** Where the roastery answers. */
  readonly roasteryUrl: string
  readonly roasteryPort: number
  /** The mail provider's HTTP endpoint; without one, mails are only logged. */
  readonly mailUrl: string | undefined
}

function portFrom(name: string, fallback: number): number {
  const given = process.env[name]
  if (given === undefined || given === '') return fallback
  const port = Number(given)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new Error(`${name} must be a port from 0 to 65535, got ${JSON.stringify(given)}`)
}

/** Reads the environment; throws an error that names the variable when one makes no sense. */
function readConfig(): Config {
  const databaseUrl = process.env.DATABASE_URL
  if (!databaseUrl) {
    throw new Error('DATABASE_URL is not set, expected postgres://user:password@host:port/database')
  }
  const roasteryPort = portFrom('ROASTERY_PORT', 3001)
  return {
    databaseUrl,
    poolSize: 10,
    port: portFrom('PORT', 3000),
    roasteryUrl: process.env.ROASTERY_URL ?? `http://127.0.0.1:${roasteryPort}`,
    roasteryPort,
    mailUrl: process.env.MAIL_URL || undefined,
  }
}

export const config = readConfig()

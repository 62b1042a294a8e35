import { defaultSince } from '../api/window.js'
import type { AskOptions } from './asking.js'

/**
 * Makes suggested commands that ask the same console, store and window as the one that was given, so
 * that they can be copied: `hotpath show 3fa9` becomes `npx hotpath show 3fa9 --store s.duckdb`.
 */
export function suggesting(
  { url, store, since, service }: AskOptions,
  environment: NodeJS.ProcessEnv,
): (command: string) => string {
  const source = [...option('--url', url), ...option('--store', store)]
  const window = [
    ...option('--since', since === defaultSince ? undefined : since),
    ...option('--service', service),
  ]
  // Started by npx or by a script of npm, `hotpath` alone is not found in a terminal.
  const program = environment['npm_command'] === undefined ? 'hotpath' : 'npx hotpath'
  return command => {
    const [, name = '', rest = ''] = /^hotpath (\S+)(.*)$/.exec(command) ?? []
    if (name === '' || name === 'dev') return command.replace(/^hotpath/, program)
    const own = window.filter(text => !rest.includes(` ${text.split(' ')[0]} `))
    const more = [...(name === 'trace' ? [] : own), ...source]
    return [`${program} ${name}${rest}`, ...more].join(' ')
  }
}

function option(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`${name} ${quoted(value)}`]
}

/** As a POSIX shell reads it back. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

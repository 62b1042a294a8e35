/** A source file of one package: its path below `src`, and its text. */
export interface Source {
  readonly path: string
  readonly text: string
}

const specifier =
  /(?:^|[\s;])(?:import|export)\s(?:[^'"`;]*?\sfrom\s)?\s*'([^']+)'|\b(?:import|require)\s*\(\s*'([^']+)'/g

/**
 * The specifiers that a file imports, types included: an arrow between types is an arrow. Read from
 * the text, since the compiler offers no parser to programs; comments are left out first.
 *
 *     importsOf("import { a } from './a.js'") // ['./a.js']
 */
export function importsOf(text: string): string[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')
  return [...code.matchAll(specifier)].map(match => match[1] ?? match[2] ?? '')
}

import { posix } from 'node:path'
import { importsOf, type Source } from './imports.js'

/**
 * What the page (packages/console/ui) shares with the console: the shapes of the answers, and how
 * figures are written. Everything else of `src` would pull Node into the browser.
 */
const shared = [
  'api/answers.js',
  'api/status.js',
  'model.js',
  'diagnose/figures.js',
  'predict/verdict.js',
]

const packages = /^(?:preact|preact\/hooks|uplot|uplot\/dist\/uPlot\.min\.css)$/

/** Every import of the page that leads out of it where it may not, one sentence each. */
export function pageCrossings(sources: readonly Source[]): string[] {
  return sources.flatMap(({ path, text }) =>
    importsOf(text)
      .filter(to => !allowed(path, to))
      .map(to => `${path}: the page may not import ${to}`),
  )
}

function allowed(path: string, to: string): boolean {
  if (!to.startsWith('.')) return packages.test(to)
  const target = posix.join(posix.dirname(path), to)
  return !target.startsWith('..') || shared.some(name => target === `../src/${name}`)
}

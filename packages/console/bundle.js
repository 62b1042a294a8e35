/**
 * Bundles the page in `ui` into `dist/page`: one script, one stylesheet, two fonts, an icon, all named
 * by their content so that a browser keeps them for ever, and `index.html`, which names them. Each is
 * also compressed here, once and as well as can be, not at every request.
 *
 * Run by `npm run build` after tsc, which checks the types; esbuild only removes them.
 */
import { readFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const here = fileURLToPath(new URL('.', import.meta.url))
const ui = join(here, 'ui')
const out = join(here, 'dist', 'page')

const { outputFiles } = await build({
  absWorkingDir: ui,
  // The theme is set before the first paint, so it is a script of its own that the page waits for.
  entryPoints: { app: 'main.tsx', theme: 'theme/first.ts' },
  outdir: out,
  bundle: true,
  write: false,
  format: 'esm',
  target: 'es2022',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  minify: true,
  legalComments: 'none',
  loader: { '.woff2': 'file' },
  assetNames: '[name]-[hash]',
  publicPath: '/assets',
  logLevel: 'warning',
})

rmSync(out, { recursive: true, force: true })
mkdirSync(join(out, 'assets'), { recursive: true })

/** Names in `index.html` to the names with their hashes. */
const names = new Map()
for (const { path, contents } of outputFiles) put(basename(path), contents)
put('icon.svg', readFileSync(join(ui, 'icon.svg')))

const html = readFileSync(join(ui, 'index.html'), 'utf8').replaceAll(/\{\{([\w.-]+)\}\}/g, nameOf)
write(join(out, 'index.html'), Buffer.from(html))
writeFileSync(join(out, 'licenses.txt'), licenses())

function put(name, contents) {
  const hashed = /-[A-Z0-9]{8}\.\w+$/.test(name) ? name : withHash(name, contents)
  names.set(name.replace(/-[A-Z0-9]{8}(\.\w+)$/, '$1'), hashed)
  write(join(out, 'assets', hashed), contents)
}

function withHash(name, contents) {
  const hash = createHash('sha256').update(contents).digest('hex').slice(0, 8).toUpperCase()
  return name.replace(/(\.\w+)$/, `-${hash}$1`)
}

function nameOf(_, name) {
  const hashed = names.get(name)
  if (hashed === undefined) throw new Error(`index.html names ${name}, which was not built`)
  return `/assets/${hashed}`
}

function write(path, contents) {
  writeFileSync(path, contents)
  // woff2 is compressed already.
  if (path.endsWith('.woff2')) return
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY }
  writeFileSync(`${path}.br`, brotliCompressSync(contents, { params }))
  writeFileSync(`${path}.gz`, gzipSync(contents, { level: 9 }))
}

/** What is bundled travels with its licence. */
function licenses() {
  const packages = [
    'preact',
    'uplot',
    '@fontsource-variable/geist',
    '@fontsource-variable/geist-mono',
  ]
  return packages
    .map(name => {
      const file = fileURLToPath(import.meta.resolve(`${name}/package.json`))
      const { version } = JSON.parse(readFileSync(file, 'utf8'))
      return `${name} ${version}\n\n${readFileSync(join(file, '..', 'LICENSE'), 'utf8')}`
    })
    .join('\n\n----\n\n')
}

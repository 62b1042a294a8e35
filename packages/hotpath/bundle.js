/**
 * Bundles what runs inside the user's process into two files: one to load at start, one for the
 * worker. A file read costs 0.1 ms, and forty of them would be most of the start.
 */
import { copyFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/**
 * Node makes a module object with all names for each of its modules that an ES module imports;
 * asking for it by a call costs nothing. Together with the white space that is half of the start.
 */
const builtins = {
  name: 'builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: 'builtin' }))
    onLoad({ filter: /.*/, namespace: 'builtin' }, async ({ path }) => {
      const names = Object.keys(await import(path)).filter(name => name !== 'default')
      // Marked pure, so that of a hundred names those in use are left.
      const named = names.map(
        name => `export const ${name} = /* @__PURE__ */ (() => builtin.${name})()`,
      )
      const builtin = `const builtin = process.getBuiltinModule(${JSON.stringify(path)})`
      return { contents: [builtin, 'export default builtin', ...named].join('\n') }
    })
  },
}

/** The stages of statements and of requests are bundles of their own, loaded when the config asks for them. */
const stages = {
  name: 'stages',
  setup({ onResolve }) {
    onResolve({ filter: /\/(?:query|serve|limit)\/start\.js$/ }, ({ path, kind }) =>
      kind === 'dynamic-import' ? { path: path.replace('../', './'), external: true } : undefined,
    )
  },
}

await build({
  absWorkingDir: fileURLToPath(new URL('.', import.meta.url)),
  entryPoints: {
    register: 'dist/register.js',
    worker: 'dist/trace/worker.js',
    'query/start': 'dist/query/start.js',
    'serve/start': 'dist/serve/start.js',
    'limit/start': 'dist/limit/start.js',
  },
  outdir: 'dist/bundle',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  plugins: [builtins, stages],
  minifyWhitespace: true,
  minifySyntax: true,
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
})

/** For `require('hotpath/test')`: jest on Node 20 requires no ES modules. */
await build({
  absWorkingDir: fileURLToPath(new URL('.', import.meta.url)),
  entryPoints: { test: 'dist/assert/required.js' },
  outdir: 'dist/bundle',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20.19',
  logLevel: 'warning',
})

// Its types import nothing, so they serve as those of CommonJS, too.
copyFileSync(
  new URL('dist/assert/expect.d.ts', import.meta.url),
  new URL('dist/bundle/test.d.cts', import.meta.url),
)

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type CallSite, captureCallSite } from '../dist/trace/call-site.js'
import { CallSites } from '../dist/trace/call-site-map.js'

const require = createRequire(import.meta.url)
const captureFile = fileURLToPath(new URL('../dist/trace/call-site.js', import.meta.url))

/** An app's folder, made of the files that a test needs. */
let root = ''
before(() => {
  root = mkdtempSync(join(tmpdir(), 'hotpath-call-site-'))
  write('package.json', '{ "name": "app", "type": "module" }')
})
after(() => rmSync(root, { recursive: true, force: true }))

function write(file: string, text: string): string {
  const path = join(root, file)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  return path
}

/** Runs a module of the app, which prints the site that it captured, and maps it as the worker does. */
function siteOf(file: string, nodeArguments: readonly string[] = []): Record<string, unknown> {
  const text = execFileSync(process.execPath, [...nodeArguments, join(root, file)], {
    encoding: 'utf8',
  })
  return { ...new CallSites(root).attributes(JSON.parse(text) as CallSite) }
}

const capture = `import { captureCallSite } from ${JSON.stringify(pathToFileURL(captureFile).href)}\n`
const print = 'console.log(JSON.stringify(captureCallSite()))'

/** What TypeScript compiles, with the map where the options say. */
function compile(file: string, source: string, options: Record<string, unknown>): void {
  write(file, source)
  const compiler = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc')
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
  const fixed = [
    '--target',
    'es2022',
    '--module',
    'esnext',
    '--moduleResolution',
    'bundler',
    '--types',
    '',
  ]
  try {
    execFileSync(process.execPath, [compiler, join(root, file), '--noCheck', ...fixed, ...flags], {
      cwd: root,
    })
  } catch (error) {
    throw new Error(String((error as { stdout?: unknown }).stdout), { cause: error })
  }
}

/** Types and an enum, so that lines in the output are others than in the source. */
const typed = `${capture}
interface Order {
  readonly id: number
}

enum Size { small, large }

export function list(order: Order): number {
  ${print}
  return order.id + Size.large
}
list({ id: 1 })
`
const line = typed.split('\n').findIndex(text => text.includes('console.log')) + 1

const own = (): string => 'mine'

describe('the call site', () => {
  test('is the frame of the app, relative to its root', () => {
    write('src/plain.js', `${capture}\nfunction handler() { ${print} }\nhandler()\n`)
    assert.deepEqual(siteOf('src/plain.js'), {
      'code.file.path': 'src/plain.js',
      'code.line.number': 3,
      'code.function.name': 'handler',
    })
  })

  test('looks past node_modules, and through await', () => {
    write(
      'node_modules/orm/package.json',
      '{ "name": "orm", "type": "module", "main": "index.js" }',
    )
    write(
      'node_modules/orm/index.js',
      'export const run = async fn => { await null; return fn() }\n',
    )
    const text = `${capture}import { run } from 'orm'\nconst site = await run(captureCallSite)\nconsole.log(JSON.stringify(site))\n`
    write('src/orm.js', text)
    assert.deepEqual(siteOf('src/orm.js'), {
      'code.file.path': 'src/orm.js',
      'code.line.number': 3,
    })
  })

  test('tells the ORM that the app called, of those it knows', () => {
    const run = 'export const run = fn => fn()\n'
    const json = (name: string) => `{ "name": "${name}", "type": "module", "main": "index.js" }`
    write('node_modules/knex/package.json', json('knex'))
    write('node_modules/knex/index.js', run)
    write('node_modules/@prisma/client/package.json', json('@prisma/client'))
    write(
      'node_modules/@prisma/client/index.js',
      `import { run as below } from 'knex'\nexport const run = fn => below(fn)\n`,
    )
    for (const [orm, from] of [
      ['knex', 'knex'],
      ['prisma', '@prisma/client'],
    ] as const) {
      write(
        'src/query.js',
        `${capture}import { run } from '${from}'\nconsole.log(JSON.stringify(run(captureCallSite)))\n`,
      )
      assert.equal(siteOf('src/query.js')['hotpath.orm'], orm)
    }
  })

  test('is found behind the many frames of an ORM', () => {
    const deep = 'export const run = (fn, n = 20) => (n === 0 ? fn() : run(fn, n - 1))\n'
    write(
      'node_modules/deep/package.json',
      '{ "name": "deep", "type": "module", "main": "index.js" }',
    )
    write('node_modules/deep/index.js', deep)
    write(
      'src/deep.js',
      `${capture}import { run } from 'deep'\nconsole.log(JSON.stringify(run(captureCallSite)))\n`,
    )
    assert.equal(siteOf('src/deep.js')['code.file.path'], 'src/deep.js')
  })

  test('is not in Hotpath itself, though that lies beside the app in a monorepo', () => {
    cpSync(dirname(captureFile), join(root, 'packages/hotpath/dist/trace'), { recursive: true })
    write('packages/hotpath/package.json', '{ "name": "hotpath", "type": "module" }')
    write(
      'packages/hotpath/dist/gate/gate.js',
      `import { captureCallSite } from '../trace/call-site.js'\nexport const gate = () => captureCallSite()\n`,
    )
    write(
      'packages/api/src/app.js',
      `import { gate } from '../../hotpath/dist/gate/gate.js'\n\nconsole.log(JSON.stringify(gate()))\n`,
    )
    assert.deepEqual(siteOf('packages/api/src/app.js'), {
      'code.file.path': 'packages/api/src/app.js',
      'code.line.number': 3,
    })
  })

  test('leaves the app its Error.prepareStackTrace and its stackTraceLimit', () => {
    const { prepareStackTrace: before, stackTraceLimit } = Error
    Error.prepareStackTrace = own
    Error.stackTraceLimit = 3
    try {
      assert.notEqual(captureCallSite(), undefined)
      assert.equal(Error.prepareStackTrace, own)
      assert.equal(Error.stackTraceLimit, 3)
      assert.equal(new Error('x').stack, 'mine')
    } finally {
      Error.stackTraceLimit = stackTraceLimit
      if (before === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace')
      else Error.prepareStackTrace = before
    }
    captureCallSite()
    assert.equal(Object.hasOwn(Error, 'prepareStackTrace'), before !== undefined)
  })
})

describe('the call site of compiled code is that of the source', () => {
  test('with a map beside the file', () => {
    compile('src/beside.ts', typed, { sourceMap: true, outDir: join(root, 'out') })
    assert.deepEqual(siteOf('out/beside.js'), {
      'code.file.path': 'src/beside.ts',
      'code.line.number': line,
      'code.function.name': 'list',
    })
  })

  test('with the map inside of it', () => {
    compile('src/inline.ts', typed, { inlineSourceMap: true, outDir: join(root, 'out') })
    assert.equal(siteOf('out/inline.js')['code.line.number'], line)
  })

  test('with a sourceRoot', () => {
    compile('src/rooted.ts', typed, {
      sourceMap: true,
      sourceRoot: join(root, 'src'),
      outDir: join(root, 'out'),
    })
    assert.equal(siteOf('out/rooted.js')['code.file.path'], 'src/rooted.ts')
  })

  for (const [title, spoil] of [
    ['missing', () => rmSync(join(root, 'out/spoilt.js.map'))],
    ['broken', () => write('out/spoilt.js.map', '{ not json')],
    ['of something else', () => write('out/spoilt.js.map', '[]')],
  ] as const) {
    test(`and that of the compiled file where the map is ${title}`, () => {
      compile('src/spoilt.ts', typed, { sourceMap: true, outDir: join(root, 'out') })
      spoil()
      assert.equal(siteOf('out/spoilt.js')['code.file.path'], 'out/spoilt.js')
    })
  }

  test('under a loader that compiles in memory, as tsx does', () => {
    compile('src/memory.ts', typed, {
      inlineSourceMap: true,
      inlineSources: true,
      outDir: join(root, 'out'),
    })
    // A loader: gives Node the compiled text, with its map inside, under the name of the source.
    const loader = write(
      'loader.mjs',
      `import { readFileSync } from 'node:fs'
      export async function load(url, context, next) {
        if (!url.endsWith('/memory.ts')) return next(url, context)
        const source = readFileSync(new URL('../out/memory.js', url), 'utf8')
        return { format: 'module', source, shortCircuit: true }
      }`,
    )
    const register = write(
      'register.mjs',
      `import { register } from 'node:module'
      register(${JSON.stringify(pathToFileURL(loader).href)})
      process.setSourceMapsEnabled(true)`,
    )
    assert.deepEqual(siteOf('src/memory.ts', ['--import', pathToFileURL(register).href]), {
      'code.file.path': 'src/memory.ts',
      'code.line.number': line,
      'code.function.name': 'list',
    })
  })
})

const site = (file: string): CallSite => ({ file, line: 1, column: 1, mapped: false })

describe('no absolute path leaves', () => {
  const shown = (file: string) =>
    new CallSites(join(root, 'app')).attributes(site(file))['code.file.path']

  test('a file outside of the root is shown from its package', () => {
    write('shared/package.json', '{}')
    assert.equal(shown(write('shared/lib/db.js', '')), 'shared/lib/db.js')
  })

  test('a file that is in no package is its name', () => {
    assert.equal(shown('/nowhere/at/all/x.js'), 'x.js')
  })

  test('a source that a bundler names by its own scheme is taken from there', () => {
    const map = {
      version: 3,
      sources: ['webpack://app/./src/orders.ts?a1b2'],
      names: [],
      mappings: 'AAAA',
    }
    const data = Buffer.from(JSON.stringify(map)).toString('base64')
    const file = write(
      'app/bundle.js',
      `x()\n//# sourceMappingURL=data:application/json;base64,${data}\n`,
    )
    assert.equal(shown(file), 'src/orders.ts')
  })

  test('a URL of a file is a path, and what is none of both is a name', () => {
    assert.equal(shown(pathToFileURL(write('app/a b.js', '')).href), 'a b.js')
    assert.equal(shown('evalmachine.<anonymous>'), 'evalmachine.<anonymous>')
  })
})

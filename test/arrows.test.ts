import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { importsOf } from './arrows/imports.js'
import { pageCrossings } from './arrows/page.js'
import { consoleRules, crossings, runtimeRules } from './arrows/rules.js'
import { untidy } from './arrows/tidiness.js'
import { projectFiles, read, sourcesOf } from './arrows/tree.js'

const runtime = sourcesOf('packages/hotpath/src')
const consoleSources = sourcesOf('packages/console/src')
const pageSources = sourcesOf('packages/console/ui')

describe('the sources of hotpath', () => {
  test('import each other only along the arrows, and of npm what DEPENDENCIES.md names', () => {
    assert.deepEqual(crossings(runtime, runtimeRules), [])
  })

  test('are seen at all: among them are imports, of Node and of each other', () => {
    const imports = runtime.flatMap(source => importsOf(source.text))
    assert.ok(imports.some(name => name.startsWith('node:')))
    assert.ok(imports.some(name => name.startsWith('../')))
  })
})

describe('the sources of @hotpath/console', () => {
  test('import each other only along the arrows, and of the runtime what has no side effects alone', () => {
    assert.deepEqual(crossings(consoleSources, consoleRules), [])
  })
})

describe('the sources of the page', () => {
  test('share with the console the shapes of its answers and how figures are written, no more', () => {
    assert.ok(pageSources.some(source => source.path.endsWith('.tsx')))
    assert.deepEqual(pageCrossings(pageSources), [])
    const server = { path: 'frame/a.tsx', text: "import { Page } from '../../src/api/page.js'" }
    assert.deepEqual(pageCrossings([server]), [
      'frame/a.tsx: the page may not import ../../src/api/page.js',
    ])
  })
})

describe('the files of the project', () => {
  test('name no machine and no registry, lie in folders named after work, and stay short', () => {
    assert.deepEqual(
      projectFiles()
        .filter(path => isText(path))
        .flatMap(path => untidy(path, read(path))),
      [],
    )
  })
})

describe('the rules speak when', () => {
  const cases: readonly (readonly [string, string, string, readonly string[]])[] = [
    ['the recorder imports a package', 'gate/pg.ts', "import pg from 'pg'", ['may not import pg']],
    [
      'an observer reaches for a gate',
      'observe/express.ts',
      "import { open } from '../gate/http.js'",
      ['observe may not import gate'],
    ],
    [
      'a type crosses an arrow',
      'sql/template.ts',
      "import type { Span } from '../trace/span.js'",
      ['sql may not import trace'],
    ],
    [
      'the SQL reader does I/O',
      'sql/a.ts',
      "import { readFileSync } from 'node:fs'",
      ['sql may not use node:fs'],
    ],
    [
      'a module is loaded by a call',
      'trace/a.ts',
      "const g = await import('../gate/a.js')",
      ['trace may not import gate'],
    ],
    [
      'something is exported through',
      'clock.ts',
      "export * from './errors.js'",
      ['clock may not import errors'],
    ],
    ['a part has no rule', 'magic/a.ts', '', ['no rule says what magic may import']],
  ]
  for (const [title, path, text, expected] of cases) {
    test(title, () => {
      assert.deepEqual(
        crossings([{ path, text }], runtimeRules),
        expected.map(sentence => `${path}: ${sentence}`),
      )
    })
  }

  test('the console imports the recorder, or a detector the network', () => {
    const sources = [
      { path: 'cli/dev.ts', text: "import 'hotpath/register'\nimport c from 'hotpath/config'" },
      { path: 'diagnose/a.ts', text: "import http from 'node:http'" },
      { path: 'diagnose/b.ts', text: "import { createHash } from 'node:crypto'" },
    ]
    assert.deepEqual(crossings(sources, consoleRules), [
      'cli/dev.ts: may not import hotpath/register',
      'diagnose/a.ts: diagnose may not use node:http',
    ])
  })

  test('a comment alone speaks of an import: it is none', () => {
    assert.deepEqual(importsOf("// import 'pg'\n/* import x from 'pg' */\n *"), [])
  })

  test('a file is long, lies among helpers, or knows its machine', () => {
    assert.equal(untidy('src/a.ts', 'a\n'.repeat(401)).length, 1)
    assert.equal(untidy('src/a.ts', 'a\n'.repeat(400)).length, 0)
    assert.equal(untidy('src/utils/a.ts', '').length, 1)
    assert.equal(untidy('docs/a.md', 'see /machine/x', ['/machine/']).length, 1)
    assert.equal(untidy('package-lock.json', '"resolved": "https://example.com/a"').length, 1)
  })
})

const isText = (path: string): boolean => !/\.(?:png|ico|woff2|gz|duckdb)$/.test(path)

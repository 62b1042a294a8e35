import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { coveragePage } from './page.js'
import { libraries } from './registry.js'

const root = fileURLToPath(new URL('../../../../', import.meta.url))
const source = join(root, 'packages/hotpath/src')

/** Files of these are patched on behalf of another library, which is in the registry. */
const PARTS: Readonly<Record<string, string>> = {
  'pg-pool': 'pg',
  router: 'express',
  'jest-runtime': 'jest',
}

test('docs/coverage.md says what the registry does; node packages/hotpath/dist-test/stacks/page.js writes it', () => {
  const { is, shouldBe } = coveragePage()
  assert.equal(is, shouldBe)
})

test('every library is shown by a test', () => {
  for (const { name, shownBy } of libraries) {
    const path = shownBy.startsWith('attached/') ? 'test' : 'packages/hotpath/test'
    assert.ok(existsSync(join(root, path, shownBy)), `${name}: there is no ${path}/${shownBy}`)
  }
})

test('every library that is patched is in the registry', () => {
  const known = new Set(libraries.flatMap(({ name }) => name.split(', ')))
  const patched = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts'))
    .flatMap(file => packagesIn(readFileSync(join(source, file), 'utf8')))
  assert.ok(patched.length > 20)
  for (const name of patched)
    assert.ok(known.has(PARTS[name] ?? name), `${name} is patched, and not in the registry`)
})

/** `@koa/router` of `onModule('/@koa/router/lib/router.js', ...)`. */
function packagesIn(text: string): string[] {
  const files = [...text.matchAll(/['"`]\/((?:@[\w-]+\/)?[\w-]+)\/[\w${}./-]+\.js['"`]/g)]
  const packages = [...text.matchAll(/onEsModule\(\s*'([^']+)'/g)]
  const builtins = [...text.matchAll(/onBuiltin\(\s*'([^']+)'/g)]
  return [...files, ...packages]
    .map(([, name = '']) => name)
    .filter(name => !name.startsWith('$') && name !== 'lib')
    .concat(builtins.map(([, name]) => `node:${name}`))
}

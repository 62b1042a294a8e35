import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { readConfig } from '../../dist/config.js'
import type { Finding } from '../../dist/model.js'
import { commentAt } from '../../dist/standing/comments.js'
import { ignoredBy } from '../../dist/standing/ignored.js'
import { draw } from '../draw.js'
import { findingsIn } from '../diagnose/kinds.js'
import { withDirectory } from '../store-of.js'

const [finding] = findingsIn([
  draw(`
  GET /users  ======================  server
    address      == == == == ==       select street from addresses where user_id = $1  #* at=src/a.js:3`),
]) as [Finding]

const source = (comment: string, behind = ''): string =>
  `const a = 1\n${comment}\nawait query()${behind}\n`

describe('a comment at the call site', () => {
  const read = (text: string, kind: Finding['kind'] = 'n-plus-one', file = 'src/a.js') =>
    withDirectory(async directory => {
      mkdirSync(join(directory, 'app', 'src'), { recursive: true })
      writeFileSync(join(directory, 'app', 'src', 'a.js'), text)
      writeFileSync(join(directory, 'secret.js'), text)
      symlinkSync(join(directory, 'secret.js'), join(directory, 'app', 'src', 'link.js'))
      return commentAt(join(directory, 'app'), { file, line: 3 }, kind)
    })

  test('above the line or behind it ignores its kind, with its reason', async () => {
    const comment = '// hotpath-ignore n-plus-one: eight users at most'
    assert.equal(await read(source(comment)), 'eight users at most')
    assert.equal(await read(source('', ` ${comment}`)), 'eight users at most')
    assert.equal(await read(source('/* hotpath-ignore n-plus-one: few */')), 'few')
  })

  test('of another kind, without a reason, or further away does not', async () => {
    assert.equal(await read(source('// hotpath-ignore slow-statement: known')), undefined)
    assert.equal(await read(source('// hotpath-ignore n-plus-one')), undefined)
    assert.equal(await read(source('// hotpath-ignore n-plus-one:')), undefined)
    assert.equal(await read(`// hotpath-ignore n-plus-one: far\n\nquery()\n`), undefined)
  })

  test('at a pipe is not waited for', () =>
    withDirectory(async directory => {
      execFileSync('mkfifo', [join(directory, 'pipe.js')])
      assert.equal(commentAt(directory, { file: 'pipe.js', line: 1 }, 'n-plus-one'), undefined)
    }))

  test('is read inside of the root alone, and in sources: the place comes over the wire', async () => {
    const text = source('// hotpath-ignore n-plus-one: outside')
    for (const file of ['../secret.js', 'src/link.js', '/etc/passwd', 'src', 'gone.js'])
      assert.equal(await read(text, 'n-plus-one', file), undefined, file)
  })
})

describe('a rule of the config', () => {
  const at = (time: string) => Date.parse(time)
  const rule = { kind: 'n-plus-one', route: 'GET /users', reason: 'JIRA-7', until: '2026-12-31' }
  const by = (rules: readonly object[], time: string) =>
    ignoredBy(finding, { rules: rules as never, root: '/nowhere' }, at(time))

  test('ignores until the end of its last day; then the finding is open again, and says so', () => {
    const ignored = { reason: 'JIRA-7', by: 'config', until: '2026-12-31' }
    assert.deepEqual(by([rule], '2026-12-31T23:59:59Z'), ignored)
    assert.deepEqual(by([rule], '2027-01-01T00:00:00Z'), {
      note: 'It was ignored until 2026-12-31, which is over: JIRA-7',
    })
    const renewed = { ...rule, until: '2027-06-30' }
    assert.equal(by([rule, renewed], '2027-01-01T00:00:00Z')?.until, '2027-06-30')
  })

  test('is about an id, or a kind on a route or everywhere', () => {
    const now = '2026-06-01T00:00:00Z'
    const { reason, until } = rule
    assert.ok(by([{ id: finding.id, reason, until }], now))
    assert.ok(by([{ kind: 'n-plus-one', reason, until }], now))
    assert.equal(by([{ ...rule, route: 'GET /other' }], now), undefined)
    assert.equal(by([{ id: '00000000', reason, until }], now), undefined)
  })

  const problems: readonly (readonly [rule: object, message: RegExp])[] = [
    [{ kind: 'n-plus-one', until: '2026-12-31' }, /`findings\.ignore\[0\]\.reason` must be a text/],
    [{ kind: 'n-plus-one', reason: 'x' }, /ignore\[0\]\.until` must be the last day, such as/],
    [{ ...rule, until: '2026-02-30' }, /until` must be the last day, .* but is "2026-02-30"/],
    [{ route: 'GET /', reason: 'x', until: '2026-12-31' }, /must be about an `id` or a `kind`/],
    [{ ...rule, reson: 'x' }, /Did you mean `findings\.ignore\[0\]\.reason`\?/],
  ]
  for (const [given, message] of problems)
    test(`is refused with words: ${message.source}`, () =>
      withDirectory(async directory => {
        const config = JSON.stringify({ findings: { ignore: [given] } })
        writeFileSync(join(directory, 'hotpath.console.config.json'), config)
        await assert.rejects(readConfig(directory), message)
      }))
})

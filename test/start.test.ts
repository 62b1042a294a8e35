import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import type { FindingsAnswer } from '../packages/console/dist/api/answers.js'
import type { Finding } from '../packages/console/dist/model.js'
import { type Sin, callLine, cleanRoutes, otherSins, runDemo, shopFolder, sins } from './shop.js'

describe('npm start -- --once --json', () => {
  let answer: FindingsAnswer
  before(async () => {
    answer = await runDemo(join(shopFolder, 'dist', 'demo', 'main.js'))
  })

  /** The finding that names this sin, which must be there, with the line that commits it. */
  function found({ kind, route, file, statement }: Sin): Finding {
    const finding = answer.findings.find(
      one => one.kind === kind && one.route === route && one.subject.includes(statement),
    )
    assert.ok(finding, `no ${kind} on ${route} in ${JSON.stringify(answer.findings, null, 2)}`)
    const line = callLine(shopFolder, { kind, route, file, statement })
    assert.deepEqual({ file: finding.where?.file, line: finding.where?.line }, { file, line })
    return finding
  }

  test('names the loop over the users: its line, its 1,000 statements, most of the request', () => {
    const finding = found(sins.loop)
    assert.equal(finding.evidence.calls, 1_000)
    assert.ok(finding.cost.share > 0.5 && finding.cost.share <= 1, `share ${finding.cost.share}`)
  })

  test('names the tax rate that every receipt asks for once a line', () => {
    assert.equal(found(sins.repetition).evidence.calls, 8)
  })

  test('names the index that the look-up by e-mail lacks', () => {
    assert.equal(found(sins.slow).evidence.calls, 1)
  })

  for (const { kind, route, subject, file } of otherSins)
    test(`names ${kind} on ${route}`, () => {
      const finding = answer.findings.find(one => one.kind === kind && one.route === route)
      assert.ok(finding, `no ${kind} on ${route} in ${JSON.stringify(answer.findings, null, 2)}`)
      assert.match(finding.subject, subject)
      assert.equal(finding.where?.file, file)
    })

  test('says nothing about the clean routes', async () => {
    const clean = await cleanRoutes(join(shopFolder, 'dist', 'demo', 'profile.js'))
    assert.ok(clean.length >= 5)
    assert.deepEqual(
      answer.findings.filter(({ route }) => clean.includes(route)),
      [],
    )
  })
})

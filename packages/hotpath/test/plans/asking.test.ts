import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { Asking, type Plan } from '../../dist/plans/asking.js'
import { plans } from '../../dist/plans/policy.js'
import { templateOf } from '../../dist/sql/template.js'

/** Questions as they are asked at one time and another; each is answered when the test says so. */
class Asked {
  nowMs = 0
  readonly texts: string[] = []
  #tell: ((plan: Plan) => void) | undefined
  readonly #asking = new Asking(() => this.nowMs)
  readonly #statements = new Map<
    string,
    { template: ReturnType<typeof templateOf>; plan: undefined }
  >()

  look(text: string, tookMs = 50): void {
    const statement = this.#statements.get(text) ?? { template: templateOf(text), plan: undefined }
    this.#statements.set(text, statement)
    this.#asking.look(statement, tookMs, tell => {
      this.texts.push(text)
      this.#tell = tell
    })
  }

  answer(plan: Plan): void {
    this.#tell?.(plan)
  }

  planOf(text: string): unknown {
    return this.#statements.get(text)?.plan
  }
}

const [one, other] = ['select a from t where a = $1', 'select b from t where b = $1'] as const
const plan = { 'hotpath.plan.table': 't' }

describe('plans are asked for', () => {
  before(() => {
    plans.looked = true
  })

  test('of what took 10 ms and more', () => {
    const asked = new Asked()
    asked.look(one, 9)
    assert.deepEqual(asked.texts, [])
    asked.look(one, 10)
    assert.deepEqual(asked.texts, [one])
  })

  test('one at a time, four a second, each once a minute', () => {
    const asked = new Asked()
    asked.look(one)
    asked.nowMs = 10_000
    asked.look(other)
    assert.deepEqual(asked.texts, [one], 'the first is not answered yet')
    asked.answer(plan)
    asked.look(other)
    assert.deepEqual(asked.texts, [one], 'it was answered just now')
    asked.nowMs = 10_250
    asked.look(one)
    asked.look(other)
    assert.deepEqual(asked.texts, [one, other])
    asked.answer('nothing')
    asked.nowMs = 60_000
    asked.look(one)
    assert.deepEqual(asked.texts, [one, other, one])
  })

  test('and what they showed holds until they are asked for again', () => {
    const asked = new Asked()
    asked.look(one)
    asked.answer(plan)
    assert.equal(asked.planOf(one), plan)
    asked.nowMs = 60_000
    asked.look(one)
    assert.equal(asked.planOf(one), plan)
    asked.answer('failed')
    assert.equal(asked.planOf(one), plan)
    asked.nowMs = 120_000
    asked.look(one)
    asked.answer('nothing')
    assert.equal(asked.planOf(one), undefined)
  })

  test('of SELECTs alone, alone in their text', () => {
    const asked = new Asked()
    for (const text of [
      'insert into t values (1)',
      'update t set a = 1',
      'select 1; delete from t',
      'explain select 1',
      'call p()',
      '',
    ])
      asked.look(text)
    assert.deepEqual(asked.texts, [])
    asked.look('with x as (select 1) select * from x;')
    assert.equal(asked.texts.length, 1)
  })

  test('three times of a server that gives no answer, and again ten minutes later', () => {
    const asked = new Asked()
    const texts = Array.from({ length: 6 }, (_, i) => `select a${i} from t where b = $1`)
    for (const text of texts.slice(0, 4)) {
      asked.look(text)
      asked.answer('failed')
      asked.nowMs += 2_000
    }
    assert.equal(asked.texts.length, 3)
    asked.nowMs += 600_000
    asked.look(texts[4] as string)
    assert.equal(asked.texts.length, 4)
  })
})

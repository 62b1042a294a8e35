import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { templateOf } from '../dist/sql/template.js'
import { digestOf, paramsHash as hashOf } from '../dist/gate/params-hash.js'

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)
console.log(`seed ${seed}`)
const value = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array(),
  fc.array(fc.string(), { maxLength: 4 }),
)
const values = fc.array(value, { maxLength: 6 })

const paramsHash = (list: readonly unknown[]): string | undefined => hashOf(digestOf(list))

/** As pg sends them. */
const sent = (list: readonly unknown[]): string =>
  JSON.stringify(list, (_, one) =>
    typeof one === 'number' || typeof one === 'boolean' ? String(one) : one,
  )

describe('the hash of parameters', () => {
  test('is equal for equal parameters, and differs for others', () => {
    fc.assert(
      fc.property(values, values, (some, others) => {
        assert.equal(paramsHash(some), paramsHash(structuredClone(some)))
        if (sent(some) !== sent(others)) assert.notEqual(paramsHash(some), paramsHash(others))
      }),
      { seed, numRuns: 1000 },
    )
  })

  test('is 16 digits and tells nothing of the values', () => {
    assert.match(paramsHash(['secret']) ?? '', /^[0-9a-f]{16}$/)
  })

  test('takes 1 and "1" for equal, as the database does', () => {
    assert.equal(paramsHash([1, true]), paramsHash(['1', 'true']))
  })

  test('reads little of a large value, yet sees its length', () => {
    assert.notEqual(paramsHash(['x'.repeat(1000)]), paramsHash(['x'.repeat(1001)]))
  })

  test('tells apart what a text had instead of parameters', () => {
    const of = (text: string) => hashOf(0, templateOf(text).data)
    assert.equal(of('select 1 from t /* a */'), of('select  1 from t /* b */'))
    assert.notEqual(of('select 1 from t'), of('select 2 from t'))
    assert.notEqual(of("select 'a' from t"), of("select 'b' from t"))
    assert.notEqual(of('select a in (1, 2)'), of('select a in (1, 3)'))
    assert.notEqual(of('select a = -1'), of('select a = +1'))
    assert.notEqual(of('set search_path to one'), of('set search_path to two'))
    assert.notEqual(of("select 'o'x'"), of("select 'p'x'"))
    assert.equal(of('select a from t'), undefined)
    assert.notEqual(hashOf(digestOf([1]), 5), hashOf(digestOf([1]), 6))
  })

  test('tells plain objects apart by what pg sends of them', () => {
    assert.equal(paramsHash([{ a: 1, b: ['x'] }]), paramsHash([{ a: 1, b: ['x'] }]))
    const base = paramsHash([{ a: 1, b: { c: 'x' } }])
    for (const other of [
      { a: 2, b: { c: 'x' } },
      { a: '1', b: { c: 'x' } },
      { a: 1, b: { c: 'y' } },
      { a: 1, b: { d: 'x' } },
      { a: 1, b: 'x' },
      { a: 1 },
    ]) {
      assert.notEqual(paramsHash([other]), base, JSON.stringify(other))
      assert.match(paramsHash([other]) ?? '', /^[0-9a-f]{16}$/)
    }
    assert.notEqual(paramsHash([{ a: 1 }]), paramsHash([['a', 1]]))
  })

  test('says that it cannot tell, of values that only the app’s code could compare', () => {
    const never = () => assert.fail('was run')
    const traps = { get: never, ownKeys: never, getPrototypeOf: never, has: never } as const
    const deep = { a: { b: { c: { d: 1 } } } }
    class Money {
      amount = 1
    }
    const values = [
      new Proxy({}, traps),
      new Proxy([], traps),
      { toPostgres: never },
      { toJSON: never },
      Object.defineProperty({}, 'a', { get: never, enumerable: true }),
      { a: Object.defineProperty({}, 'b', { get: never, enumerable: true }) },
      { a: never },
      new Money(),
      new Map([[1, 2]]),
      deep,
    ]
    for (const value of values) assert.equal(paramsHash([value]), 'unknown')
    assert.equal(paramsHash([[[1]]]) === 'unknown', false)
  })

  test('of no parameters is none', () => {
    assert.equal(hashOf(0), undefined)
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { batch, by, groupBy } from 'hotpath/batch'

interface Address {
  readonly id: number
  readonly user_id: string
}

/** Compiles only when both types are the same; the compiler is the judge of this file. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(yes: Same<A, B>): void => assert.ok(yes)

const load = async (ids: number[]): Promise<readonly Address[]> =>
  ids.map(id => ({ id, user_id: String(id) }))

test('keys and values are inferred from the function', () => {
  const one = batch(load, by('user_id'))
  same<Parameters<typeof one>, [key: number]>(true)
  same<ReturnType<typeof one>, Promise<Address | undefined>>(true)

  const many = batch(load, groupBy('user_id'))
  same<ReturnType<typeof many>, Promise<Address[]>>(true)
  same<ReturnType<typeof many.many>, Promise<Address[][]>>(true)

  const plain = batch(async (words: string[]) => words.map(word => word.length))
  same<Parameters<typeof plain>, [key: string]>(true)
  same<ReturnType<typeof plain>, Promise<number>>(true)

  const result = batch(
    async (ids: bigint[]) => ({ rows: [{ id: ids.length, city: 'x' }] }),
    by('id'),
  )
  same<ReturnType<typeof result>, Promise<{ id: number; city: string } | undefined>>(true)

  // @ts-expect-error: the rows have no such column
  batch(load, by('user'))
  // @ts-expect-error: a key is a number
  const wrong = () => one('1')
  assert.equal(typeof wrong, 'function')
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { FindingsAnswer, RoutesAnswer, StatementsAnswer } from '../dist/api/answers.js'
import { callsOf, type Language, languages, requestOf } from './intake/languages.js'
import { protobuf } from './intake/encode.js'
import { asProtobuf, post, withConsole } from './running.js'

const requests = 3

test('the same literals again and again are a repetition, not a loop', async () => {
  const go = languages.find(({ title }) => title.startsWith('Go')) as Language
  await withConsole(async ({ url }) => {
    const same = { ...go, call: () => go.call(1) }
    assert.equal((await post(`${url}/v1/traces`, requestOf(same, 0))).status, 200)
    const { findings } = (await (
      await fetch(`${url}/api/findings?since=1h`)
    ).json()) as FindingsAnswer
    assert.deepEqual(
      findings.map(({ kind, subject }) => [kind, subject]),
      [['repeated-statement', go.statement]],
    )
  })
})

describe('a loop is found, and its requests and statements counted, from the SDK of', () => {
  for (const language of languages)
    test(language.title, async () => {
      await withConsole(async ({ url, store }) => {
        for (let n = 0; n < requests; n++) {
          const request = protobuf('traces', requestOf(language, n))
          assert.equal((await post(`${url}/v1/traces`, request, asProtobuf)).status, 200)
        }
        const ask = async <T>(path: string): Promise<T> =>
          (await (await fetch(`${url}/api/${path}?since=1h`)).json()) as T
        const { routes } = await ask<RoutesAnswer>('routes')
        assert.deepEqual(
          routes.map(({ route, count }) => [route, count]),
          [[language.route, requests]],
        )
        const { statements } = await ask<StatementsAnswer>('statements')
        assert.deepEqual(
          statements.map(({ statement, count }) => [statement, count]),
          [[language.statement, requests * callsOf]],
        )
        const { findings } = await ask<FindingsAnswer>('findings')
        assert.deepEqual(
          findings.map(({ kind, route, subject, evidence }) => [
            kind,
            route,
            subject,
            evidence.calls,
          ]),
          [['n-plus-one', language.route, language.statement, callsOf]],
        )
        const [trace = []] = await store.spansOf(await store.sample({ sinceMs: 0 }, 1), 1_000)
        const stored = JSON.stringify(trace, (_, v: unknown) =>
          typeof v === 'bigint' ? `${v}` : v,
        )
        assert.doesNotMatch(stored, /Ann|ann"|secret|postgresql:\/\//)
      })
    })
})

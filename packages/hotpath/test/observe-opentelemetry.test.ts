import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { copyFileSync, cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Tracer } from '@opentelemetry/api'
import { contextManager } from '../dist/observe/opentelemetry/context.js'
import { tracerProvider } from '../dist/observe/opentelemetry/tracer.js'
import { keeper } from '../dist/trace/keeper.js'
import { recorder } from '../dist/trace/recorder.js'
import type { CollectedSpan } from './collector.js'
import { observe } from './observed.js'

/** 1.10 has an ESM build of its own, the older ones are CommonJS however they are imported. */
const apis = ['1.10', '1.9', '1.4']
const files = ['opentelemetry.cjs', 'opentelemetry.mjs']

describe('spans made with the API of OpenTelemetry', () => {
  for (const api of apis) {
    for (const file of files) {
      test(`join our trace: ${api}, ${file}`, async () => {
        let results: unknown
        const { spans, errors, code, counted } = await observe(
          file,
          async app => {
            results = await (await fetch(app.url)).json()
          },
          { API: api },
        )
        assert.equal(counted('http.server.request.duration'), 1)
        assert.deepEqual(results, [
          ['active span', true],
          ['active after await', true],
          ['own value', 'Ann'],
          ['bound', 'Ann'],
          ['root is empty', true],
          ['foreign', '4'.repeat(16)],
          ['ids', true],
          ['throws pass', 'mine'],
        ])
        assert.deepEqual([errors, code], [[], 0])
        assert.deepEqual(tree(spans), {
          // 'throws' was never ended, so it is no span.
          'GET /': ['below a foreign one', 'outer', 'price', 'with value'],
          outer: ['inner'],
          price: ['discount'],
          nothing: ['GET /', 'a trace of its own', 'root by option'],
        })
        const named = (name: string) => spans.find(span => span.name === name)
        assert.equal(named('GET /')?.attributes['shop.user'], 'known')
        assert.deepEqual(named('price')?.attributes, { 'shop.items': 3, 'shop.city': 'Rome' })
        assert.deepEqual([named('price')?.status, named('discount')?.kind], [1, 3])
        assert.deepEqual(
          [named('inner')?.status, named('inner')?.attributes],
          [2, { 'error.type': 'TypeError' }],
        )
        assert.deepEqual(named('outer')?.attributes, {})
        assert.doesNotMatch(JSON.stringify(spans.map(span => span.attributes)), /s3cr3t/)
      })
    }
  }
})

describe('an SDK that is registered has everything', () => {
  for (const api of apis) {
    for (const file of files) {
      for (const when of ['first', 'last']) {
        test(`${when}: ${api}, ${file}`, async () => {
          const { spans, errors, output } = await observe(
            file,
            async app => {
              await (await fetch(app.url)).text()
            },
            { API: api, REGISTER: when },
          )
          assert.deepEqual(JSON.parse(output), {
            done: [true, true, true, false],
            complaints: ['@opentelemetry/api: Attempted duplicate registration of API: trace'],
            theirs: 9,
          })
          assert.deepEqual(
            spans.map(span => span.name),
            ['GET /'],
          )
          assert.deepEqual(errors, [])
        })
      }
    }
  }
})

describe('an API that has no file on disk', () => {
  const { resolve } = createRequire(import.meta.url)
  /** Of its CommonJS build, and the folder of the package. */
  const placeOf = (name: string) => {
    const main = resolve(name)
    let folder = dirname(main)
    while (!existsSync(join(folder, 'LICENSE'))) folder = dirname(folder)
    return { main, folder }
  }
  const apps = fileURLToPath(new URL('../test/apps/', import.meta.url))

  for (const naming of ['vm', 'eval', 'eval with a name']) {
    const env = {
      NAMING: naming,
      API_FOLDER: placeOf('@opentelemetry/api').folder,
      API_MAIN: placeOf('@opentelemetry/api').main,
      WORK: join(apps, 'opentelemetry-work.cjs'),
    }
    test(`is ours until an SDK registers, and takes that: ${naming}`, async () => {
      for (const when of ['', 'first', 'last']) {
        const { spans, output, errors } = await observe(
          'opentelemetry-nofile.cjs',
          async app => void (await (await fetch(app.url)).text()),
          { ...env, REGISTER: when },
        )
        assert.deepEqual(errors, [])
        if (when === '') assert.ok(spans.some(span => span.name === 'price'))
        else assert.deepEqual(JSON.parse(output).done, [true, true, true, false])
      }
    })

    test(`of which no version is found is left alone, and that is said once: ${naming}`, async () => {
      const home = mkdtempSync(join(tmpdir(), 'hotpath-nofile-'))
      const here = process.cwd()
      try {
        for (const file of ['opentelemetry-nofile.cjs', 'serve.cjs']) {
          copyFileSync(join(apps, file), join(home, file))
        }
        const { folder, main } = placeOf('opentelemetry-api-1.4')
        cpSync(folder, join(home, 'api'), { recursive: true })
        rmSync(join(home, 'api', 'package.json'))
        process.chdir(home)
        for (const when of ['', 'first', 'last']) {
          const { spans, output, errors } = await observe(
            join(home, 'opentelemetry-nofile.cjs'),
            async app => void (await (await fetch(app.url)).text()),
            {
              ...env,
              API_FOLDER: join(home, 'api'),
              API_MAIN: join(home, 'api', relative(folder, main)),
              REGISTER: when,
            },
          )
          assert.deepEqual(errors, [])
          assert.deepEqual(
            spans.map(span => span.name),
            ['GET /'],
          )
          if (when === '')
            assert.equal(
              output.match(/^hotpath: .* the version of this copy of @opentelemetry/gm)?.length,
              1,
            )
          else assert.deepEqual(JSON.parse(output).done, [true, true, true, false])
        }
      } finally {
        process.chdir(here)
        rmSync(home, { recursive: true })
      }
    })
  }
})

describe('while the recorder is off', () => {
  test('spans can be made, and are held nowhere', () => {
    const tracer = tracerProvider(() => undefined).getTracer('app') as Tracer
    const openBefore = keeper.open
    recorder.enabled = false
    try {
      tracer.startActiveSpan('off', span => {
        const inner = tracer.startSpan('inner')
        assert.equal(inner.spanContext().traceFlags, 0)
        inner.end()
        span.end()
      })
    } finally {
      recorder.enabled = true
    }
    assert.deepEqual([keeper.open, keeper.ring.spans], [openBefore, 0])
  })
})

describe('what the conventions fill with data', () => {
  const tracer = tracerProvider(() => undefined).getTracer('app') as Tracer

  test('leaves as a template, or not at all', () => {
    const numbers = [1, 2]
    const span = tracer.startSpan('GET /users/42?token=s3cr3t', {
      attributes: {
        'url.full': 'https://ann:s3cr3t@shop.example/users/42?token=s3cr3t',
        'http.target': '/users/42?token=s3cr3t',
        'db.system': 'postgresql',
        'db.statement': "select a from t where b = 's3cr3t'",
        'db.query.text': 'GET s3cr3t',
        'exception.message': 's3cr3t',
        'http.request.header.authorization': ['s3cr3t'],
        'shop.numbers': numbers,
        'shop.note': 'kept',
      },
    })
    numbers.push(3)
    const { open } = span as unknown as { open: { name: string; attributes: object } }
    assert.equal(open.name, 'GET /users/:id')
    assert.deepEqual(open.attributes, {
      'url.full': 'https://shop.example/users/:id',
      'http.target': '/users/:id',
      'db.system': 'postgresql',
      'db.statement': 'select a from t where b = ?',
      'shop.numbers': [1, 2],
      'shop.note': 'kept',
    })
    span.end()
  })

  test('nothing throws that the API without an SDK would take', () => {
    const loose = tracer as unknown as Record<string, (...args: unknown[]) => unknown>
    const span = loose['startSpan']?.('a', null, {}) as Record<string, (...args: unknown[]) => void>
    span['setAttributes']?.(undefined)
    span['setAttributes']?.({
      get a() {
        throw new Error('of the app')
      },
    })
    span['setStatus']?.(null)
    span['recordException']?.(undefined)
    span['end']?.()
    assert.equal(
      loose['startActiveSpan']?.('b', null, () => 7),
      7,
    )
    assert.equal(
      loose['startActiveSpan']?.('b', undefined, null, () => 7),
      7,
    )
    assert.equal(
      contextManager.with(undefined as never, () => 7),
      7,
    )
    assert.equal((contextManager.bind(undefined as never, () => 7) as () => number)(), 7)
    contextManager.bind(undefined as never, Object.freeze(new EventEmitter()))
  })
})

/** Names of the children by the name of the parent. */
function tree(spans: readonly CollectedSpan[]): Record<string, string[]> {
  const children: Record<string, string[]> = {}
  for (const span of spans) {
    const parent = spans.find(one => one.spanId === span.parentId)?.name ?? 'nothing'
    ;(children[parent] ??= []).push(span.name)
  }
  for (const names of Object.values(children)) names.sort()
  return children
}

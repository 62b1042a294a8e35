import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get } from 'node:http'
import { describe, test } from 'node:test'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { withConsole } from '../running.js'
import { findBrowser, withWindow } from './browser.js'
import { sendLoops, several } from './telemetry.js'

const browser = findBrowser()
const skip = 'missing' in browser ? browser.missing : false
const path = 'path' in browser ? browser.path : ''

/** Run in the page: whether anything that came as text became more than text. */
const inspection = `({
  hit: 'hit' in globalThis,
  images: document.querySelectorAll('img').length,
  scripts: document.body.querySelectorAll('script').length,
  links: [...document.querySelectorAll('a')].filter(a => !/^https?:/.test(a.href)).length,
})`

/** What an injection would do, if there were one. */
const injection = `{
  const script = document.createElement('script')
  script.textContent = 'globalThis.hit = 1'
  document.body.append(script)
}`

interface Got {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly body: Buffer
}

/** As it is on the wire: `fetch` would unpack it. */
async function getRaw(url: string, headers: Record<string, string> = {}): Promise<Got> {
  const [response] = (await once(get(url, { headers }), 'response')) as [
    import('node:http').IncomingMessage,
  ]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: Buffer.concat(chunks),
  }
}

describe('the files of the page', () => {
  test('the page is asked for each time; what it names is kept for ever', async () => {
    await withConsole(async ({ url }) => {
      for (const view of [
        '/',
        '/routes',
        '/traces',
        '/traces/0af7651916cd43dd',
        '/findings/0a1b2c3d',
      ]) {
        const { status, headers } = await getRaw(url + view)
        assert.deepEqual([status, headers['cache-control']], [200, 'no-store'], view)
        assert.match(String(headers['content-type']), /^text\/html/)
        const policy = String(headers['content-security-policy'])
        assert.match(policy, /default-src 'none'/)
        assert.doesNotMatch(policy, /unsafe|\*|https?:|data:/)
        assert.equal(headers['x-frame-options'], 'DENY')
      }
      const html = (await getRaw(url)).body.toString()
      const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(match => match[1] ?? '')
      assert.ok(assets.length >= 4)
      for (const asset of assets) {
        assert.match(asset, /^\/assets\/[\w.-]+-[A-Z0-9]{8}\.\w+$/)
        const { status, headers } = await getRaw(url + asset)
        assert.equal(status, 200, asset)
        assert.match(String(headers['cache-control']), /immutable/)
      }
    })
  })

  test('come compressed to those who take it, and as they are to those who do not', async () => {
    await withConsole(async ({ url }) => {
      const plain = await getRaw(url)
      assert.equal(plain.headers['content-encoding'], undefined)
      const br = await getRaw(url, { 'accept-encoding': 'gzip, deflate, br' })
      assert.equal(br.headers['content-encoding'], 'br')
      assert.deepEqual(brotliDecompressSync(br.body), plain.body)
      const gzip = await getRaw(url, { 'accept-encoding': 'gzip;q=0.5, br;q=0' })
      assert.equal(gzip.headers['content-encoding'], 'gzip')
      assert.deepEqual(gunzipSync(gzip.body), plain.body)
    })
  })

  test('are the only ones: no other path reaches a file', async () => {
    await withConsole(async ({ url }) => {
      for (const path of [
        '/assets/',
        '/assets/../index.html',
        '/assets/%2e%2e/licenses.txt',
        '/index.html',
        '/licenses.txt',
        '/assets/app.js',
        '/traces/not-an-id',
      ])
        assert.equal((await getRaw(url + path)).status, 404, path)
    })
  })
})

describe('text from telemetry', { skip }, () => {
  test('stays text, wherever it is shown', async () => {
    const markup = '<img src=x onerror="globalThis.hit=1"><script>globalThis.hit=1</script>'
    await withConsole(async ({ url }) => {
      await sendLoops(
        url,
        several(6, {
          route: `/${markup}`,
          service: `shop ${markup}`,
          statement: `select a from "${markup}" where b = $1`,
          more: { note: markup, '<b>name</b>': 'javascript:globalThis.hit=1' },
        }),
      )
      await withWindow(path, {}, async ({ page, faults }) => {
        const clean = async (where: string): Promise<void> => {
          const found = await page.evaluate(inspection)
          assert.deepEqual(found, { hit: false, images: 0, scripts: 0, links: 0 }, where)
        }
        await page.goto(url)
        await page.getByRole('heading', { level: 1 }).filter({ hasText: '<img' }).waitFor()
        await clean('overview')
        await page.keyboard.press('Enter')
        await page.getByRole('heading', { name: 'Evidence' }).waitFor()
        await clean('finding')
        await page.keyboard.press('t')
        await page.getByRole('row', { name: /×40/ }).waitFor()
        await page.locator('.attributes summary').click()
        await page.keyboard.press('k')
        await clean('trace')
        for (const view of ['routes', 'statements', 'traces']) {
          await page.goto(`${url}/${view}`)
          await page.getByRole('row').filter({ hasText: '<img' }).first().waitFor()
          await clean(view)
        }
        assert.deepEqual(faults, [])
      })
    })
  })

  test('would be dead even as markup: the policy refuses what was not built here', async () => {
    await withConsole(async ({ url }) => {
      await withWindow(path, {}, async ({ page, faults }) => {
        await page.goto(url)
        await page.getByText('Waiting for the first request').waitFor()
        await page.evaluate(injection)
        assert.equal(await page.evaluate<boolean>(`'hit' in globalThis`), false)
        assert.equal(faults.length, 1)
        assert.match(faults[0] ?? '', /script-src 'self'/)
      })
    })
  })
})

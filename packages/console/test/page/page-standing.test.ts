import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { recordsFile } from '../../dist/standing/file.js'
import type { FindingsAnswer } from '../../dist/api/answers.js'
import { withPlace } from '../running.js'
import { findBrowser, withWindow } from './browser.js'
import { sendLoops, several } from './telemetry.js'

const browser = findBrowser()
const skip = 'missing' in browser ? browser.missing : false
const path = 'path' in browser ? browser.path : ''

test('regressed findings say so, ignored and fixed ones are folded under the list', { skip }, () =>
  withPlace(async ({ start }) => {
    const first = await start()
    await sendLoops(first.url, several(3))
    await sendLoops(first.url, several(3, { route: '/orders' }, 50))
    const { findings } = (await (await fetch(`${first.url}/api/findings`)).json()) as FindingsAnswer
    const id = findings.find(({ route }) => route === 'GET /users')?.id
    const file = recordsFile((await first.store.status()).path)
    await first.close()
    const about = {
      kind: 'n-plus-one',
      service: 'shop',
      subject: 's',
      title: '40 queries in a loop',
    }
    const times = {
      sinceMs: Date.now() - 3_600_000,
      firstMs: 0,
      lastSeenMs: 0,
      unseen: 140,
      returns: 1,
    }
    const history = [
      { atMs: Date.now() - 7_200_000, what: 'fixed', version: '1.4.1' },
      { atMs: times.sinceMs, what: 'regressed', version: '<b>1.5.0</b>' },
    ]
    const records = [
      { ...about, ...times, id, route: 'GET /users', status: 'regressed', history },
      { ...about, ...times, id: 'ffffffff', route: 'GET /gone', status: 'fixed' },
    ]
    writeFileSync(file, JSON.stringify({ version: 1, records }))
    const reason = 'known, <b>JIRA-7</b>'
    const { url } = await start({
      findings: {
        ignore: [{ kind: 'n-plus-one', route: 'GET /orders', reason, until: '2999-12-31' }],
      },
    })
    await withWindow(path, { width: 1280 }, async ({ page, faults }) => {
      await page.goto(url)
      const list = page.locator('ol.findings > li')
      await list.first().waitFor()
      assert.equal(await list.count(), 1)
      assert.equal(await list.locator('.chip.bad').textContent(), 'regressed')
      const ignored = page.locator('details.apart', { hasText: '1 ignored finding' })
      assert.equal(await ignored.getAttribute('open'), null)
      await ignored.locator('summary').click()
      await ignored.getByText(`${reason} (until 2999-12-31)`).waitFor()
      const fixed = page.locator('details.apart', { hasText: '1 fixed finding' })
      await fixed.locator('summary').click()
      await fixed.getByText('1 h ago, not in 140 requests since').waitFor()
      await ignored.getByRole('link').click()
      await page.getByText('Ignored until 2999-12-31').waitFor()
      assert.equal(await page.locator('.finding-head .rank').count(), 0, 'it has no place')
      await page.goto(`${url}/findings/${id}`)
      const turns = page.locator('ol.history > li')
      await turns.first().waitFor()
      const told = await turns.allTextContents()
      assert.match(told[0] ?? '', /regressed with version <b>1\.5\.0<\/b>$/)
      assert.match(told[1] ?? '', /fixed with version 1\.4\.1$/)
      assert.deepEqual(faults, [])
    })
  }),
)

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { FindingsAnswer } from '../../dist/api/answers.js'
import { withConsole, withPlace } from '../running.js'
import { findBrowser, withWindow } from './browser.js'
import { sendLoops, several } from './telemetry.js'

const browser = findBrowser()
const skip = 'missing' in browser ? browser.missing : false
const path = 'path' in browser ? browser.path : ''

describe('the page, from what is slow to its fix', { skip }, () => {
  test('headline, fix on the clipboard, finding, its trace, and back', async () => {
    await withConsole(async ({ url }) => {
      await sendLoops(url, several(6))
      const answer = (await (await fetch(`${url}/api/findings`)).json()) as FindingsAnswer
      const [finding] = answer.findings
      assert.ok(finding, 'the telemetry shows a finding')
      await withWindow(path, {}, async ({ page, faults }) => {
        await page.goto(url)
        const headline = page.getByRole('heading', { level: 1 })
        await headline.filter({ hasText: 'would take GET /users' }).waitFor()
        assert.match(String(await headline.textContent()), / to .* at p95$/)

        await page.keyboard.press('f')
        const dialog = page.getByRole('dialog', { name: 'Fix' })
        await dialog.getByRole('button', { name: 'Copy the fix' }).click()
        await dialog.getByText('Copied').waitFor()
        const copied = await page.evaluate<string>('navigator.clipboard.readText()')
        assert.equal(copied, finding.fixes[0]?.text)
        await page.keyboard.press('Escape')
        await dialog.waitFor({ state: 'detached' })

        await page.keyboard.press('Enter')
        await page.waitForURL(`${url}/findings/${finding.id}*`)
        await headline.filter({ hasText: '40 queries in a loop' }).waitFor()
        await page.getByText('src/users.ts:27').first().waitFor()
        await page.getByRole('img', { name: /^40 calls in a request/ }).waitFor()

        await page.keyboard.press('t')
        const [worst] = finding.evidence.traces
        await page.waitForURL(`${url}/traces/${worst?.traceId}*`)
        const loop = page.getByRole('row', { name: /×40/ })
        await loop.waitFor()
        assert.equal(await loop.getAttribute('aria-selected'), 'true')
        await page.getByText(/is one loop: 40 queries/).waitFor()

        await page.goBack()
        await page.waitForURL(`${url}/findings/${finding.id}*`)
        await headline.filter({ hasText: '40 queries in a loop' }).waitFor()
        await page.goBack()
        await page.waitForURL(`${url}/*`)
        await headline.filter({ hasText: 'would take GET /users' }).waitFor()
        assert.deepEqual(faults, [])
      })
    })
  })

  test('of several services, findings say whose they are', async () => {
    await withConsole(async ({ url }) => {
      await sendLoops(url, [...several(2), { n: 9, service: 'billing', route: '/bills' }])
      await withWindow(path, {}, async ({ page }) => {
        await page.goto(url)
        const headline = page.getByRole('heading', { level: 1 })
        await headline.filter({ hasText: / of (shop|billing) from/ }).waitFor()
        await page.getByText('GET /users of shop select').waitFor()
        await page.getByText('GET /bills of billing select').waitFor()
      })
    })
  })

  test('a link shows what was seen: selection, opened calls, search and zoom', async () => {
    await withConsole(async ({ url }) => {
      await sendLoops(url, several(1))
      await withWindow(path, {}, async ({ page }) => {
        await page.goto(`${url}/traces/${'1'.padStart(32, '0')}`)
        await page.getByRole('row', { name: /×40/ }).click()
        await page.keyboard.press('ArrowRight')
        await page.getByRole('row', { name: /^call 20/ }).waitFor()
        await page.getByRole('row', { name: '20 more of 20' }).waitFor()
        await page.keyboard.press('z')
        await page.getByRole('button', { name: 'zoomed' }).waitFor()

        await page.reload()
        await page.getByRole('row', { name: /^call 20/ }).waitFor()
        await page.getByRole('button', { name: 'zoomed' }).waitFor()
        assert.equal(
          await page.getByRole('row', { name: /×40/ }).getAttribute('aria-selected'),
          'true',
        )

        await page.keyboard.press('/')
        await page.keyboard.type('nothing like it')
        await page.getByText('No span is like this.').waitFor()
        await page.reload()
        await page.getByText('No span is like this.').waitFor()
      })
    })
  })

  test('a trace of 5,000 rows draws those in view, and reaches the last', async () => {
    await withConsole(async ({ url }) => {
      await sendLoops(url, several(1, { calls: 4_990 }))
      await withWindow(path, {}, async ({ page }) => {
        await page.goto(`${url}/traces/${'1'.padStart(32, '0')}?expand=1`)
        const rows = page.locator('[role=treegrid] [role=row]')
        await rows.first().waitFor()
        assert.ok((await rows.count()) < 100, `${await rows.count()} rows exist`)
        await page.keyboard.press('End')
        await page.locator('[aria-rowindex="4991"][aria-selected=true]').waitFor()
        assert.ok((await rows.count()) < 100, `${await rows.count()} rows exist`)
      })
    })
  })

  test('asks for the token of a console that has one, and keeps it for the tab alone', async () => {
    const token = 'a-token-of-some-length'
    await withPlace(async ({ start }) => {
      const { url } = await start({ token })
      await sendLoops(url, several(6), { authorization: `Bearer ${token}` })
      await withWindow(path, {}, async ({ page, context }) => {
        await page.goto(url)
        const field = page.getByLabel('Token')
        await field.fill('not-the-token')
        await page.getByRole('button', { name: 'Open' }).click()
        await page.getByText('The console refused this token.').waitFor()
        await field.fill(token)
        await page.getByRole('button', { name: 'Open' }).click()
        await page.getByRole('heading', { name: /would take GET/ }).waitFor()
        assert.ok(!page.url().includes(token))

        await page.reload()
        await page.getByRole('heading', { name: /would take GET/ }).waitFor()
        const other = await context.newPage()
        await other.goto(url)
        await other.getByLabel('Token').waitFor()
      })
    })
  })
})

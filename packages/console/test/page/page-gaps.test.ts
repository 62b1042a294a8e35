import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { withConsole } from '../running.js'
import { findBrowser, withWindow } from './browser.js'
import { sendLateWork } from './late-work.js'
import { sendLoops, several } from './telemetry.js'

const browser = findBrowser()
const skip = 'missing' in browser ? browser.missing : false
const path = 'path' in browser ? browser.path : ''

/** The part of the time's width that the bar of a span takes. */
async function partOf(page: Page, name: string): Promise<number> {
  const row = page.getByRole('row', { name })
  const [bar, time] = [
    await row.locator('.bar').boundingBox(),
    await row.locator('.w-time').boundingBox(),
  ]
  assert.ok(bar !== null && time !== null)
  return bar.width / time.width
}

describe('a gap in which nothing ran', { skip }, () => {
  for (const width of [1280, 390])
    test(`is folded to a strip that says its length, so that what ran is seen; ${width} px`, async () => {
      await withConsole(async ({ url }) => {
        const id = await sendLateWork(url)
        await withWindow(path, { width }, async ({ page, faults }) => {
          await page.goto(`${url}/traces/${id}`)
          await page.getByText('nothing ran for 4.2 s, folded').waitFor()
          assert.equal(await page.locator('.gap').count(), 1)
          assert.equal(await page.locator('.gap-length').textContent(), '4.2\u2009s')
          // 38 of 4,340 ms; of the 140 ms in which something ran more than a quarter.
          assert.ok((await partOf(page, 'INSERT orders')) > 0.2)
          const tooWide =
            'document.documentElement.scrollWidth - document.documentElement.clientWidth'
          assert.equal(await page.evaluate(tooWide), 0)

          await page.getByRole('link', { name: 'unfold' }).click()
          await page.getByRole('link', { name: 'gaps unfolded' }).waitFor()
          assert.equal(await page.locator('.gap').count(), 0)
          assert.ok((await partOf(page, 'INSERT orders')) < 0.05)
          await page.goBack()
          await page.locator('.gap').waitFor({ state: 'attached' })
          assert.deepEqual(faults, [])
        })
      })
    })

  test('stays as it is where a zoom shows little else, or little of it', async () => {
    await withConsole(async ({ url }) => {
      const id = await sendLateWork(url)
      await withWindow(path, {}, async ({ page }) => {
        for (const zoom of ['1000000000-2000000000', '0-62000000']) {
          await page.goto(`${url}/traces/${id}?z=${zoom}`)
          await page.getByRole('row', { name: 'INSERT orders' }).waitFor()
          assert.equal(await page.locator('.gap').count(), 0, zoom)
        }
      })
    })
  })

  test('is none while a span waits: its axis has even parts', async () => {
    await withConsole(async ({ url }) => {
      await sendLoops(url, several(1))
      await withWindow(path, {}, async ({ page }) => {
        await page.goto(`${url}/traces/${'1'.padStart(32, '0')}`)
        await page.locator('.tick', { hasText: '210' }).waitFor()
        assert.equal(await page.locator('.tick').count(), 5)
        assert.equal(await page.locator('.gap').count(), 0)
      })
    })
  })
})

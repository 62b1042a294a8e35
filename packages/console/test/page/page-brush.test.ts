import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { withConsole } from '../running.js'
import { findBrowser, withWindow } from './browser.js'
import { sendLoops, several } from './telemetry.js'

const browser = findBrowser()
const skip = 'missing' in browser ? browser.missing : false
const path = 'path' in browser ? browser.path : ''

const answers = async (url: string, path: string): Promise<boolean> =>
  (await fetch(`${url}/api/${path}`)).ok
const without = (path: string): string => `this console does not answer /api/${path} yet`

describe('a part of the heatmap', { skip }, () => {
  test('that is dragged over opens the traces of its times and durations; Back undoes it', async t => {
    await withConsole(async ({ url }) => {
      if (!(await answers(url, 'timeline'))) return t.skip(without('timeline'))
      await sendLoops(url, several(3))
      await withWindow(path, {}, async ({ page, faults }) => {
        await page.goto(url)
        const map = page.getByRole('img', { name: /^Latency of 100 requests/ })
        await map.scrollIntoViewIfNeeded()
        const box = await map.boundingBox()
        assert.ok(box !== null)
        await page.mouse.move(box.x + 60, box.y + 20)
        await page.mouse.down()
        await page.mouse.move(box.x + box.width - 20, box.y + 100, { steps: 4 })
        await page.mouse.up()
        await page.waitForURL(`${url}/traces?*`)
        const { searchParams } = new URL(page.url())
        const [from, to] = [searchParams.get('from'), searchParams.get('to')].map(text =>
          Date.parse(text ?? ''),
        )
        assert.ok((from ?? 0) < (to ?? 0), page.url())
        assert.ok(Number(searchParams.get('min')) >= 1, page.url())
        await page.getByRole('link', { name: 'leave this stretch' }).waitFor()
        await page.goBack()
        await page.getByRole('heading', { name: /would take GET \/users/ }).waitFor()
        assert.deepEqual(faults, [])
      })
    })
  })

  test('in a link is drawn again, and narrows the list', async t => {
    await withConsole(async ({ url }) => {
      if (!(await answers(url, 'traces?max=1'))) return t.skip(without('traces?max'))
      await sendLoops(url, several(3))
      await withWindow(path, {}, async ({ page }) => {
        // Each of them takes 210 ms.
        await page.goto(`${url}/traces?min=100&max=300`)
        await page.getByRole('row').filter({ hasText: 'GET /users' }).first().waitFor()
        assert.equal(await page.getByRole('row').filter({ hasText: 'GET /users' }).count(), 3)
        const least = page.getByLabel('Duration from, in milliseconds')
        assert.equal(await least.inputValue(), '100')
        await least.fill('250')
        await least.press('Enter')
        await page.getByText('No kept trace is like this.').waitFor()
        assert.match(page.url(), /min=250/)
      })
    })
  })
})

describe('two traces', { skip }, () => {
  test('are chosen from the list of the route, and stand side by side', async t => {
    await withConsole(async ({ url }) => {
      await sendLoops(url, [...several(1), ...several(1, { calls: 80 }, 1)])
      const [a, b] = ['1', '2'].map(n => n.padStart(32, '0'))
      if (!(await answers(url, `compare?a=${a}&b=${b}`))) return t.skip(without('compare'))
      await withWindow(path, {}, async ({ page }) => {
        await page.goto(`${url}/traces/${'1'.padStart(32, '0')}`)
        await page.getByRole('link', { name: 'Compare' }).click()
        await page.getByRole('row').filter({ hasText: '410' }).getByRole('link').click()
        await page.waitForURL(/compare\?.*b=/)
        const loop = page.getByRole('row').filter({ hasText: 'SELECT addresses' })
        await loop.filter({ hasText: '×40' }).filter({ hasText: '×80' }).waitFor()
      })
    })
  })
})

describe('what a process says of itself, and alerts', { skip }, () => {
  test('are asked of the console: panels without an answer say so, the rest lives', async () => {
    await withConsole(async ({ url }) => {
      await sendLoops(url, several(3))
      await withWindow(path, {}, async ({ page, faults }) => {
        await page.goto(url)
        const processes = page.getByRole('region', { name: 'Processes' })
        await processes.locator('.failure, .nothing, li').first().waitFor()
        await page.goto(`${url}/watch`)
        await page.locator('main .failure, main .nothing').first().waitFor()
        assert.deepEqual(faults, [])
      })
    })
  })
})

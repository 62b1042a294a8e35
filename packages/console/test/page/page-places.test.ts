import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { withConsole } from '../running.js'
import { findBrowser, withWindow } from './browser.js'
import { sendLoops, several } from './telemetry.js'

const browser = findBrowser()
const skip = 'missing' in browser ? browser.missing : false
const path = 'path' in browser ? browser.path : ''

describe('from one place to the next', { skip }, () => {
  test('an empty window says so, and where there is something is one click away', async () => {
    await withConsole(async ({ url }) => {
      await sendLoops(url, several(6))
      await withWindow(path, {}, async ({ page, faults }) => {
        const long = 'since=2020-01-01T00:00&until=2020-01-01T01:00'
        for (const view of ['', 'routes', 'statements', 'traces']) {
          await page.goto(`${url}/${view}?${long}`)
          await page.getByText(/^Nothing from /).waitFor()
          await page.getByRole('link', { name: /^show the last/ }).click()
          await page.waitForURL(/since=5m$/)
          await page
            .getByRole('link', { name: /GET \/users|user_id/ })
            .first()
            .waitFor()
        }
        assert.deepEqual(faults, [])
      })
    })
  })

  test('a route is opened without a change of the service filter; without a finding it has a verdict', async () => {
    await withConsole(async ({ url }) => {
      await sendLoops(url, several(6))
      await sendLoops(url, several(3, { route: '/clean', calls: 1, service: 'other' }, 100))
      await withWindow(path, {}, async ({ page, faults }) => {
        await page.goto(url)
        await page.getByRole('link', { name: /^No finding/ }).click()
        await page.getByRole('link', { name: 'GET /clean' }).waitFor()
        assert.equal(await page.getByRole('link', { name: 'GET /users' }).count(), 0)
        await page.getByRole('link', { name: 'GET /clean' }).click()
        await page.getByRole('heading', { level: 1, name: 'GET /clean' }).waitFor()
        const found = page.getByRole('region', { name: 'Findings of this route' })
        await found.getByText('No finding in this route.').waitFor()
        await found.getByText(/\. So it is in the slowest trace/).waitFor()
        assert.equal(await page.getByLabel('Service').inputValue(), '')
        await found.getByRole('link').click()
        await page.waitForURL(/\/traces\//)
        assert.equal(await page.getByLabel('Service').inputValue(), '')
        assert.deepEqual(faults, [])
      })
    })
  })

  test('a statement far down opens in view, in lines, with where it is found', async () => {
    await withConsole(async ({ url }) => {
      const joined =
        'select a.street, b.name from addresses a left outer join towns b on b.id = a.town where a.id = $1'
      await sendLoops(url, several(4, { statement: joined }))
      await withWindow(path, { height: 500 }, async ({ page, faults }) => {
        await page.goto(`${url}/statements`)
        await page.getByRole('row').filter({ hasText: 'left outer join' }).click()
        const opened = page.getByRole('region', { name: 'The statement' })
        await opened.getByRole('link', { name: '40 queries in a loop' }).waitFor()
        await opened.getByText('GET /users').waitFor()
        await opened.getByText('src/users.ts:27').waitFor()
        assert.deepEqual((await opened.locator('pre').innerText()).split('\n'), [
          'select a.street, b.name',
          'from addresses a',
          'left outer join towns b on b.id = a.town',
          'where a.id = $1',
        ])
        assert.deepEqual(faults, [])
      })
    })
  })

  test('the ticks of a zoom differ, and what is found is counted', async () => {
    await withConsole(async ({ url }) => {
      await sendLoops(url, several(1, { calls: 500 }))
      await withWindow(path, {}, async ({ page }) => {
        await page.goto(
          `${url}/traces/${'1'.padStart(32, '0')}?z=2060000000-2060400000&q=addresses`,
        )
        await page.getByText(/1 like it/).waitFor()
        const ticks = await page.locator('.tick').allTextContents()
        assert.equal(new Set(ticks).size, 5, ticks.join(' '))
      })
    })
  })

  test('on a phone each route of the overview shows its figures whole', async () => {
    await withConsole(async ({ url }) => {
      await sendLoops(url, several(4))
      await withWindow(path, { width: 390, height: 844 }, async ({ page }) => {
        await page.goto(url)
        await page.getByRole('region', { name: 'Routes' }).getByText('GET /users').waitFor()
        const cells = page.locator('.brief tbody .card-figure')
        for (const text of await cells.allInnerTexts()) assert.match(text, /\d/)
        // A row that is too low cuts off what stands below the label.
        const cut =
          '[...document.querySelectorAll(".brief tbody .card-figure")].filter(cell => cell.scrollHeight > cell.clientHeight).length'
        assert.equal(await page.evaluate<number>(cut), 0)
      })
    })
  })
})

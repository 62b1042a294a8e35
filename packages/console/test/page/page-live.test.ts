import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { withConsole, withPlace } from '../running.js'
import { findBrowser, withWindow } from './browser.js'
import { sendLoops, several } from './telemetry.js'

const browser = findBrowser()
const skip = 'missing' in browser ? browser.missing : false
const path = 'path' in browser ? browser.path : ''

describe('the page while it is open', { skip }, () => {
  test('says the one command to run, and goes on with the first request', async () => {
    await withConsole(async ({ url }) => {
      await withWindow(path, {}, async ({ page }) => {
        await page.goto(url)
        await page.getByText('Waiting for the first request').waitFor()
        await page.getByText('npx hotpath dev -- node app.js').waitFor()
        await sendLoops(url, several(6))
        await page.getByRole('heading', { name: /would take GET \/users/ }).waitFor()
      })
    })
  })

  test('moves no row: new findings wait until they are asked for', async () => {
    await withConsole(async ({ url }) => {
      await sendLoops(url, several(6))
      await withWindow(path, {}, async ({ page }) => {
        await page.goto(url)
        const titles = page.locator('.findings .title')
        await titles.first().waitFor()
        // It costs more, so it would come first.
        const dearer = { route: '/dear', calls: 120, statement: 'select b from c where d = $1' }
        await sendLoops(url, several(6, dearer, 100))
        const more = page.getByRole('button', { name: 'Show 1 new finding' })
        await more.waitFor()
        assert.deepEqual(await titles.allTextContents(), ['40 queries in a loop'])
        await more.click()
        await page.locator('.findings .title', { hasText: '120 queries' }).waitFor()
        assert.deepEqual(await titles.allTextContents(), [
          '120 queries in a loop',
          '40 queries in a loop',
        ])
      })
    })
  })

  test('keeps what it showed while the console is away, and goes on when it is back', async () => {
    await withPlace(async ({ start }) => {
      const first = await start()
      const port = Number(new URL(first.url).port)
      await sendLoops(first.url, several(6))
      await withWindow(path, {}, async ({ page, faults }) => {
        await page.goto(first.url)
        await page.getByRole('heading', { name: /would take GET \/users/ }).waitFor()
        await first.close()
        const banner = page.locator('.banner', { hasText: 'The console does not answer.' })
        await banner.waitFor()
        assert.ok(await page.getByRole('heading', { name: /would take GET \/users/ }).isVisible())
        await start({ port })
        await banner.waitFor({ state: 'detached' })
        assert.deepEqual(faults, [])
      })
    })
  })

  test('a panel whose answer fails says so and what to do; the rest of the page lives', async () => {
    await withConsole(async ({ url }) => {
      await sendLoops(url, several(6))
      await withWindow(path, {}, async ({ page }) => {
        let fails = true
        await page.route('**/api/routes?**', route =>
          fails
            ? route.fulfill({
                status: 500,
                json: {
                  error: { code: 'STORE_FAILED', message: 'The store failed. Start it again.' },
                },
              })
            : route.continue(),
        )
        await page.goto(url)
        await page.getByRole('heading', { name: /would take GET \/users/ }).waitFor()
        const panel = page.getByRole('region', { name: 'Routes', exact: true })
        await panel.getByText('STORE_FAILED').waitFor()
        await panel.getByText('Start it again.').waitFor()
        fails = false
        await panel.getByRole('button', { name: 'Try again' }).click()
        await panel.getByRole('link', { name: 'GET /users' }).waitFor()
      })
    })
  })

  test('is driven by keys alone', async () => {
    await withConsole(async ({ url }) => {
      await sendLoops(url, several(6))
      await sendLoops(url, several(6, { route: '/dear', calls: 120 }, 100))
      await withWindow(path, {}, async ({ page }) => {
        await page.goto(url)
        const current = page.locator('.findings [aria-current=true] .title')
        await current.filter({ hasText: '120' }).waitFor()
        await page.keyboard.press('j')
        await current.filter({ hasText: '40' }).waitFor()
        await page.keyboard.press('k')
        await current.filter({ hasText: '120' }).waitFor()

        await page.keyboard.press('?')
        await page.getByRole('dialog', { name: 'Keys' }).waitFor()
        await page.keyboard.press('Escape')
        await page.getByRole('dialog', { name: 'Keys' }).waitFor({ state: 'detached' })

        await page.keyboard.press('Control+k')
        await page.getByRole('combobox', { name: /^Route, finding/ }).waitFor()
        await page.keyboard.type('route dear')
        await page.getByRole('option', { name: 'GET /dear' }).waitFor()
        await page.keyboard.press('Enter')
        await page.waitForURL(/\/routes\?.*dear/)
        await page.getByRole('heading', { level: 1, name: 'GET /dear' }).waitFor()

        await page.keyboard.press('Space')
        await page.getByRole('button', { name: 'Go on with live data' }).waitFor()
      })
    })
  })
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { withConsole } from '../running.js'
import { findBrowser, withWindow } from './browser.js'
import { sendLoops, several } from './telemetry.js'

const browser = findBrowser()
const skip = 'missing' in browser ? browser.missing : false
const path = 'path' in browser ? browser.path : ''

const idOf = (n: number): string => String(n + 1).padStart(32, '0')

describe('what the page knows already', { skip }, () => {
  test('is there at once: the fix and the finding from the list, the head of a trace from its row', async () => {
    await withConsole(async ({ url }) => {
      await sendLoops(url, several(6))
      await withWindow(path, {}, async ({ page, faults }) => {
        // None of these is ever answered.
        await page.route('**/api/findings/**', () => {})
        await page.route('**/api/traces/**', () => {})
        await page.goto(url)
        await page.getByRole('heading', { name: /would take GET \/users/ }).waitFor()
        await page.keyboard.press('f')
        const dialog = page.getByRole('dialog', { name: 'Fix' })
        await dialog.getByRole('heading', { name: '40 queries in a loop' }).waitFor()
        await dialog.getByRole('button', { name: 'Copy the fix' }).waitFor()
        await page.mouse.wheel(0, 400)
        assert.equal(await page.evaluate<number>('scrollY'), 0)
        await dialog.getByRole('button', { name: 'Close' }).click()
        await dialog.waitFor({ state: 'detached' })

        await page.keyboard.press('Enter')
        await page.getByRole('heading', { level: 1, name: '40 queries in a loop' }).waitFor()
        await page.getByText('src/users.ts:27').first().waitFor()

        await page.getByRole('link', { name: 'Traces', exact: true }).click()
        await page.getByRole('row').filter({ hasText: 'GET /users' }).first().click()
        await page.getByRole('heading', { level: 1, name: 'GET /users' }).waitFor()
        await page.locator('.how-much', { hasText: '210' }).waitFor()
        assert.deepEqual(faults, [])
      })
    })
  })

  test('stays while the next trace is on its way; one that is refused is not stood in for', async () => {
    await withConsole(async ({ url }) => {
      await sendLoops(url, [...several(1), ...several(1, { calls: 80 }, 1)])
      await withWindow(path, {}, async ({ page, faults }) => {
        let answer = (): void => {}
        const held = new Promise<void>(resolve => (answer = resolve))
        await page.route(`**/api/traces/${idOf(1)}`, async route => {
          await held
          await route.continue()
        })
        await page.goto(`${url}/traces/${idOf(0)}`)
        await page.getByRole('link', { name: /Slower/ }).click()
        await page.waitForURL(`${url}/traces/${idOf(1)}*`)
        await page.locator('.dim').getByRole('row', { name: /×40/ }).waitFor()
        answer()
        await page.getByRole('row', { name: /×80/ }).waitFor()

        await page.keyboard.press('Control+k')
        await page.getByRole('combobox', { name: /^Route, finding/ }).waitFor()
        await page.keyboard.type('abcdef0123')
        await page.keyboard.press('Enter')
        await page.locator('.failure').waitFor()
        assert.equal(await page.getByRole('row', { name: /×80/ }).count(), 0)
        assert.deepEqual(faults, [])
      })
    })
  })
})

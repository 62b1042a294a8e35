import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { withConsole } from '../running.js'
import { findBrowser, withWindow } from './browser.js'
import { takeClock } from './clock.js'
import { sendLoops, several } from './telemetry.js'

const browser = findBrowser()
const skip = 'missing' in browser ? browser.missing : false
const path = 'path' in browser ? browser.path : ''

const panels = ['findings', 'processes', 'routes', 'timeline']
const isWhole = (names: readonly string[]): boolean => panels.every(name => names.includes(name))

/** What the page asks about the time up to now, by the end of the window that it asks for. */
function windowsOf(page: Page): Map<string, string[]> {
  const windows = new Map<string, string[]>()
  page.on('request', request => {
    const { pathname, searchParams } = new URL(request.url())
    if (!searchParams.has('since')) return
    const end = searchParams.get('until') ?? 'none'
    windows.set(end, [...(windows.get(end) ?? []), pathname.slice('/api/'.length)].sort())
  })
  return windows
}

/** Lets time pass in steps of half a second until so many rounds are whole. */
async function rounds(
  pass: (ms: number) => Promise<void>,
  windows: Map<string, string[]>,
  n: number,
): Promise<void> {
  const whole = (): number => [...windows.values()].filter(isWhole).length
  for (let steps = 0; whole() < n; steps++) {
    assert.ok(steps < 1_000, `${n} rounds; asked was ${JSON.stringify([...windows])}`)
    await pass(500)
  }
}

describe('what a view asks', { skip }, () => {
  test('is about one window: all panels ask with the same end, round after round', async () => {
    await withConsole(async ({ url }) => {
      await sendLoops(url, several(6))
      await withWindow(path, {}, async ({ page, faults }) => {
        const windows = windowsOf(page)
        const pass = await takeClock(page)
        await page.goto(url)
        await page.getByRole('heading', { name: /would take GET \/users/ }).waitFor()
        await rounds(pass, windows, 4)
        for (const [end, names] of [...windows].slice(0, 4)) {
          assert.ok(Number.isFinite(Date.parse(end)), end)
          assert.deepEqual(names, panels)
        }
        assert.deepEqual(faults, [])
      })
    })
  })

  test('a view that is opened in between asks about the window that the others show', async () => {
    await withConsole(async ({ url }) => {
      await sendLoops(url, several(6))
      await withWindow(path, {}, async ({ page }) => {
        const windows = windowsOf(page)
        const pass = await takeClock(page)
        await page.goto(url)
        await page.getByRole('heading', { name: /would take GET \/users/ }).waitFor()
        await rounds(pass, windows, 1)
        await page.keyboard.press('Space')
        await page.getByRole('link', { name: 'Statements' }).click()
        await page.getByText('select street').first().waitFor()
        assert.deepEqual([...windows.values()], [[...panels, 'statements'].sort()])
      })
    })
  })

  test('goes on by the clock of the console, however wrong that of the page is', async () => {
    await withConsole(async ({ url }) => {
      await sendLoops(url, several(6))
      await withWindow(path, {}, async ({ page }) => {
        await page.clock.install({ time: '2001-01-01T00:00:00Z' })
        await page.goto(url)
        await page.getByRole('heading', { name: /would take GET \/users/ }).waitFor()
      })
    })
  })
})

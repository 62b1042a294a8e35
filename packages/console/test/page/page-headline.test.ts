import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { FindingsAnswer } from '../../dist/api/answers.js'
import { withConsole } from '../running.js'
import { findBrowser, withWindow } from './browser.js'
import { sendLoops, several } from './telemetry.js'

const browser = findBrowser()
const skip = 'missing' in browser ? browser.missing : false
const path = 'path' in browser ? browser.path : ''

describe('the overview says', { skip }, () => {
  test('of a finding without a prediction its share of all request time, as the terminal does', async () => {
    await withConsole(async ({ url }) => {
      await sendLoops(url, [...several(2), ...several(6, { calls: 1 }, 10)])
      await withWindow(path, {}, async ({ page, faults }) => {
        let share = 0
        await page.route(/\/api\/findings\?/, async route => {
          const response = await route.fetch()
          const answer = (await response.json()) as FindingsAnswer
          const findings = answer.findings.map(finding => ({ ...finding, gain: undefined }))
          share = (100 * (findings[0]?.cost.totalMs ?? 0)) / answer.totalMs
          await route.fulfill({ response, json: { ...answer, findings } })
        })
        await page.goto(url)
        const headline = page.getByRole('heading', { level: 1 })
        await headline.filter({ hasText: 'GET /users: 40 queries in a loop' }).waitFor()
        const said = /loop, ([\d.]+)\s%\sof all request time$/.exec(
          String(await headline.textContent()),
        )
        assert.ok(said, String(await headline.textContent()))
        // Two of eight show it: its part of one of them is nearly all.
        assert.ok(Math.abs(Number(said[1]) - share) <= 0.5 && share < 60, `${said[0]} ${share}`)
        assert.deepEqual(faults, [])
      })
    })
  })

  test('when the first request came, where the charts begin later than the window', async () => {
    await withConsole(async ({ url }) => {
      await sendLoops(url, several(2))
      await withWindow(path, {}, async ({ page }) => {
        await page.goto(`${url}/?since=1h`)
        await page
          .getByText(
            /Drawn from \d\d:\d\d on: the first request of this window came at \d\d:\d\d\./,
          )
          .first()
          .waitFor()
      })
    })
  })
})

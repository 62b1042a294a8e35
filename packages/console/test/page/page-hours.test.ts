import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { withConsole } from '../running.js'
import { findBrowser, withWindow } from './browser.js'
import { takeClock } from './clock.js'
import { heldBy, type Held } from './heap.js'
import { sendLoops, several } from './telemetry.js'

const browser = findBrowser()
const skip = 'missing' in browser ? browser.missing : false
const path = 'path' in browser ? browser.path : ''

/** Answers that Back may show are kept, 24 of them: a lap adds two, so the page is full after so many. */
const warmLaps = 12
const laps = 2
/** A slow machine answers fewer rounds: it gets more laps, until so many answers have come. */
const enoughAnswers = 1_000
const mostLaps = 16
/** A view stays open for so many rounds of answers, 5 s each. */
const roundsAView = 25
/** A step more or less of a chart is 2 %; an answer that is kept at each lap was seen to be 9 %. */
const mostGrowth = 1.05
const callsOfLoop = 8

/** Every view by its link, and a trace that was not opened before. */
async function* lap(page: Page): AsyncGenerator<void> {
  for (const name of ['Routes', 'Statements', 'Traces', 'Watch', 'Findings']) {
    await page
      .getByRole('link', { name: new RegExp(`^${name}`) })
      .first()
      .click()
    yield
    if (name !== 'Traces') continue
    await page.getByRole('row', { name: /GET/ }).first().click()
    await page.getByRole('row', { name: /×/ }).first().waitFor()
    yield
  }
}

describe('a page left open for hours', { skip }, () => {
  test('while requests come in holds no more than it did before', async t => {
    await withConsole(async ({ url }) => {
      // As many as a list shows: what an answer holds stays the same.
      let sent = 110
      await sendLoops(url, several(sent, { calls: callsOfLoop }))
      await withWindow(path, {}, async ({ page, faults }) => {
        const devtools = await page.context().newCDPSession(page)
        const pass = await takeClock(page)
        let answers = 0
        page.on('response', response => {
          if (response.url().includes('/api/')) answers++
        })
        const walk = async (rounds: number): Promise<void> => {
          for await (const _ of lap(page))
            for (let round = 0; round < rounds; round++) {
              if (round % 5 === 0) await sendLoops(url, several(1, { calls: callsOfLoop }, sent++))
              await pass(5_000)
            }
        }
        // In as many steps as a chart has at least, so that it is full from the start.
        await page.goto(`${url}/?since=20s`)
        for (let n = 0; n < warmLaps; n++) await walk(1)
        const held = async (): Promise<Held> => {
          for (let round = 0; round < 3; round++) await pass(5_000)
          return heldBy(devtools)
        }
        const before = await held()
        const answersBefore = answers
        const missing = () => answers - answersBefore <= enoughAnswers
        for (let n = 0; n < laps || (missing() && n < mostLaps); n++) await walk(roundsAView)
        const after = await held()

        const told = `${answers - answersBefore} answers: ${JSON.stringify({ before, after })}`
        t.diagnostic(told)
        assert.ok(!missing(), told)
        for (const key of [
          'bytes',
          'nodes',
          'listeners',
        ] as const satisfies readonly (keyof Held)[])
          assert.ok(after[key] < before[key] * mostGrowth, `${key} grew; ${told}`)
        assert.deepEqual(faults, [])
      })
    })
  })
})

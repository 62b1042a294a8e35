import type { Page, Request } from 'playwright-core'

/**
 * Takes the clock of a page that is not opened yet. What it returns lets so many milliseconds pass at
 * once, when all that the page asked for has come: else what takes a moment would seem to take minutes.
 */
export async function takeClock(page: Page): Promise<(ms: number) => Promise<void>> {
  const underWay = new Set<Request>()
  page.on('request', request => underWay.add(request))
  page.on('requestfinished', request => underWay.delete(request))
  page.on('requestfailed', request => underWay.delete(request))
  await page.clock.install()
  return async ms => {
    while (underWay.size > 0) await page.evaluate('undefined')
    await page.clock.runFor(ms)
  }
}

import type { Page, Request } from 'playwright-core'

/**
 * Takes the clock of a page that is not opened yet. What it returns lets so many milliseconds pass at
 * once, when all that the page asked for has come: else what takes a moment would seem to take minutes.
 */
export async function takeClock(page: Page): Promise<(ms: number) => Promise<void>> {
  const underWay = new Set<Request>()
  let allCame = (): void => {}
  const came = (request: Request): void => {
    if (underWay.delete(request) && underWay.size === 0) allCame()
  }
  page.on('request', request => underWay.add(request))
  page.on('requestfinished', came)
  page.on('requestfailed', came)
  await page.clock.install()
  return async ms => {
    if (underWay.size > 0) await new Promise<void>(resolve => (allCame = resolve))
    await page.clock.runFor(ms)
  }
}

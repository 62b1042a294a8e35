import { setTimeout as delay } from 'node:timers/promises'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import type { FindingsAnswer, TracesAnswer } from '../../dist/api/answers.js'
import { type WindowOptions, withWindow } from './browser.js'

export interface View {
  readonly name: string
  readonly path: string
  /** Of the picture at 1280 pixels; a phone is always 844 high. */
  readonly height?: number
  /** Before the page is opened. */
  readonly prepare?: (page: Page) => Promise<unknown>
  /** What is seen when the view is as wanted; that no skeleton is left, unless said otherwise. */
  readonly ready?: (page: Page) => Promise<void>
}

export interface Look {
  readonly name: string
  readonly options: WindowOptions
}

/** The narrowest desktop and a phone, in both themes. */
export const looks: readonly Look[] = [
  { name: '1280-light', options: { width: 1280, theme: 'light' } },
  { name: '1280-dark', options: { width: 1280, theme: 'dark' } },
  { name: '390-light', options: { width: 390, height: 844, theme: 'light' } },
  { name: '390-dark', options: { width: 390, height: 844, theme: 'dark' } },
]

/** The views of a console that has telemetry; `since` is the window they show. */
export async function viewsOf(url: string, since: string): Promise<View[]> {
  const ask = async <T>(path: string): Promise<T> =>
    (await (await fetch(`${url}/api/${path}`)).json()) as T
  let findings: FindingsAnswer['findings'] = []
  // What was asked a moment ago is answered the same for two seconds.
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await delay(200)) {
    ;({ findings } = await ask<FindingsAnswer>(`findings?since=${since}`))
    if (findings.length > 0) break
  }
  const [top] = findings
  const trace = top?.evidence.traces[0]?.traceId
  if (top === undefined || trace === undefined) throw new Error(`${url} has no finding to show`)
  const query = new URLSearchParams({ route: top.route, order: 'slowest', since, limit: '2' })
  const [a, b] = (await ask<TracesAnswer>(`traces?${query.toString()}`)).traces
  const route = encodeURIComponent(top.route)
  return [
    { name: 'overview', path: `/?since=${since}`, height: 1300 },
    { name: 'fix', path: `/?since=${since}&fix=${top.id}` },
    { name: 'finding', path: `/findings/${top.id}?since=${since}`, height: 1080 },
    { name: 'trace', path: `/traces/${trace}` },
    { name: 'routes', path: `/routes?since=${since}` },
    { name: 'route', path: `/routes?since=${since}&route=${route}`, height: 1000 },
    { name: 'statements', path: `/statements?since=${since}` },
    { name: 'traces', path: `/traces?since=${since}&order=slowest` },
    { name: 'compare', path: `/compare?since=${since}&a=${a?.traceId}&b=${b?.traceId}` },
    // Nothing to look at in a console that watches nothing.
    ...((await fetch(`${url}/api/alerts`)).ok ? [{ name: 'watch', path: '/watch' }] : []),
  ]
}

/** What the page shows when there is nothing to show, whatever the console holds. */
export const states: readonly View[] = [
  {
    name: 'loading',
    path: '/',
    prepare: page => page.route('**/api/**', () => {}),
    ready: page => page.locator('.skeleton.late').first().waitFor(),
  },
  {
    name: 'error',
    path: '/',
    prepare: page => page.route('**/api/**', route => route.abort()),
    ready: page => page.locator('.failure').first().waitFor(),
  },
]

/** What was seen of one view in one look. */
export interface Seen {
  readonly name: string
  /** Pixels by which the page is wider than its window: to be scrolled sideways. */
  readonly tooWide: number
  readonly faults: readonly string[]
}

/** Opens each view in one look and takes a picture of it into `folder`: `VIEW-LOOK.png`, or `VIEW.png` without a look's name. */
export function takePictures(
  browser: string,
  url: string,
  views: readonly View[],
  look: Look,
  folder: string,
): Promise<Seen[]> {
  mkdirSync(folder, { recursive: true })
  return withWindow(browser, look.options, async ({ context, faults }) => {
    const seen: Seen[] = []
    for (const view of views) {
      const page = await context.newPage()
      page.on('pageerror', error => (faults as string[]).push(String(error)))
      if (look.options.height === undefined)
        await page.setViewportSize({
          width: look.options.width ?? 1280,
          height: view.height ?? 900,
        })
      await view.prepare?.(page)
      await page.goto(url + view.path)
      await (view.ready ?? settled)(page)
      await page.evaluate('document.fonts.ready')
      const name = look.name === '' ? view.name : `${view.name}-${look.name}`
      await page.screenshot({ path: join(folder, `${name}.png`) })
      const tooWide = await page.evaluate<number>(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      )
      seen.push({ name, tooWide, faults: faults.slice() })
      await page.close()
    }
    return seen
  })
}

/** Everything that was asked for came, or said why not. */
async function settled(page: Page): Promise<void> {
  await page.locator('main .card, main .waiting, main .failure').first().waitFor()
  await page.locator('.skeleton, .dim').first().waitFor({ state: 'detached', timeout: 60_000 })
}

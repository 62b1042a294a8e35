import { existsSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

/** Nothing of the browser's own business: no first run, no updates, no sync. */
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** The browser of the system; a sentence that says why not, where there is none. `npm test` installs it first. */
export function findBrowser(): { readonly path: string } | { readonly missing: string } {
  const found = places.find(path => existsSync(path))
  return found === undefined
    ? { missing: 'there is no Chromium: install it (Debian: apt-get install chromium)' }
    : { path: found }
}

/** A browser, and a page in it with a profile of its own; what the page did wrong is collected. */
export interface Window {
  readonly context: BrowserContext
  readonly page: Page
  /** Exceptions of the page, and what its content policy refused. */
  readonly faults: readonly string[]
}

export interface WindowOptions {
  readonly width?: number
  readonly height?: number
  readonly theme?: 'light' | 'dark'
  /** Dots a pixel; 1 by default. */
  readonly scale?: number
}

/** A page that is busy on a busy machine is no fault of its own; a test that hangs has this long to say where. */
const deadlineMs = 120_000

/** Runs `work` in a window with a profile of its own, which is closed afterwards. */
export async function withWindow<T>(
  path: string,
  options: WindowOptions,
  work: (window: Window) => Promise<T>,
): Promise<T> {
  windows++
  let context: BrowserContext | undefined
  try {
    context = await (await launched(path)).newContext({
      viewport: { width: options.width ?? 1280, height: options.height ?? 900 },
      deviceScaleFactor: options.scale ?? 1,
      colorScheme: options.theme ?? 'light',
      reducedMotion: 'reduce',
      locale: 'en-GB',
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    context.setDefaultTimeout(deadlineMs)
    const page = await context.newPage()
    const faults: string[] = []
    page.on('pageerror', error => faults.push(String(error)))
    page.on('console', message => {
      if (/content security policy/i.test(message.text())) faults.push(message.text())
    })
    return await work({ context, page, faults })
  } finally {
    await context?.close()
    if (--windows === 0) closeSoon()
  }
}

/** The browser of this process: to launch one takes four times as long as to open a window in it. */
let browser: Promise<Browser> | undefined
let windows = 0
let closing: NodeJS.Timeout | undefined

function launched(path: string): Promise<Browser> {
  clearTimeout(closing)
  browser ??= chromium.launch({ executablePath: path, args, timeout: deadlineMs })
  return browser
}

/** The next test of the file takes it over; after the last one the process has nothing else to wait for. */
function closeSoon(): void {
  closing = setTimeout(() => {
    const last = browser
    browser = undefined
    void last?.then(one => one.close())
  }, 200)
}

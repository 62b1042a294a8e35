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
  readonly browser: Browser
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

/** Runs `work` in a browser that is closed afterwards. */
export async function withWindow<T>(
  path: string,
  options: WindowOptions,
  work: (window: Window) => Promise<T>,
): Promise<T> {
  const browser = await chromium.launch({ executablePath: path, args })
  try {
    const context = await browser.newContext({
      viewport: { width: options.width ?? 1280, height: options.height ?? 900 },
      deviceScaleFactor: options.scale ?? 1,
      colorScheme: options.theme ?? 'light',
      reducedMotion: 'reduce',
      locale: 'en-GB',
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    const page = await context.newPage()
    const faults: string[] = []
    page.on('pageerror', error => faults.push(String(error)))
    page.on('console', message => {
      if (/content security policy/i.test(message.text())) faults.push(message.text())
    })
    return await work({ browser, context, page, faults })
  } finally {
    await browser.close()
  }
}

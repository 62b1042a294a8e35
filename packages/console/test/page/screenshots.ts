import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withConsole } from '../running.js'
import { findBrowser } from './browser.js'
import { sendLateWork } from './late-work.js'
import { looks, states, takePictures, viewsOf, type View } from './views.js'

/**
 * Takes the pictures of the page into docs/pictures: of the coffee shop, which it starts and loads,
 * and of the states without data.
 *
 *     npm run screenshots
 *     node packages/console/dist-test/page/screenshots.js http://127.0.0.1:4318    of a console that runs
 */
const root = fileURLToPath(new URL('../../../../', import.meta.url))
const folder = join(root, 'docs', 'pictures')
const browser = findBrowser()
if ('missing' in browser) throw new Error(browser.missing)

const given = process.argv[2]
const shop = given === undefined ? await startShop() : undefined
try {
  const url = given ?? shop?.url ?? ''
  // The README's, first: call sites come with the first requests of each route.
  const readme = { name: '', options: { width: 1280, scale: 1.5 } }
  const findings = { name: 'findings', path: '/', height: 800 }
  await takePictures(browser.path, url, [findings], readme, folder)
  for (const look of looks) {
    const all = [...(await viewsOf(url, '15m')), ...states]
    await takePictures(
      browser.path,
      url,
      all.filter(view => kept(view, look.name)),
      look,
      folder,
    )
    await withConsole(async ({ url }) => {
      await takePictures(browser.path, url, [{ name: 'empty', path: '/' }], look, folder)
      const gap = { name: 'gap', path: `/traces/${await sendLateWork(url)}`, height: 620 }
      if (kept(gap, look.name)) await takePictures(browser.path, url, [gap], look, folder)
    })
  }
} finally {
  await shop?.stop()
}

/** All looks of what a person sees first; of the others one on each width, so that docs stay small. */
function kept(view: View, look: string): boolean {
  return (
    ['overview', 'trace', 'finding', 'loading', 'error'].includes(view.name) ||
    ['1280-light', '390-dark'].includes(look)
  )
}

async function startShop(): Promise<{ url: string; stop(): Promise<void> }> {
  const demo = spawn(process.execPath, ['examples/coffee-shop/dist/demo/main.js'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = once(demo, 'close')
  let said = ''
  const url = await new Promise<string>((resolve, reject) => {
    demo.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
      process.stderr.write(text)
      const found = /The console +(http:\S+)/.exec(said)?.[1]
      if (found !== undefined) resolve(found)
    })
    demo.once('close', () => reject(new Error('the demo ended before it was loaded')))
  })
  return {
    url,
    stop: async () => {
      demo.kill('SIGINT')
      await ended
    },
  }
}

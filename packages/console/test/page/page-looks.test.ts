import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { withPlace } from '../running.js'
import { findBrowser } from './browser.js'
import { sendLoops, several } from './telemetry.js'
import { looks, states, takePictures, viewsOf, type View } from './views.js'

const browser = findBrowser()
const skip = 'missing' in browser ? browser.missing : false
const path = 'path' in browser ? browser.path : ''

describe('every view, full and without data, on a desktop and a phone', { skip }, () => {
  for (const look of looks)
    test(`fits ${look.name}, and does nothing wrong`, async () => {
      await withPlace(async ({ directory, start }) => {
        const { url } = await start()
        const empty: View = { name: 'empty', path: '/' }
        const pictures = join(directory, 'pictures')
        const seen = await takePictures(path, url, [empty, ...states], look, pictures)
        const long = 'select a_rather_long_name_of_a_column from a_rather_long_name where id = $1'
        await sendLoops(url, several(4))
        await sendLoops(
          url,
          several(4, { route: `/${'long/'.repeat(40)}:id`, statement: long }, 50),
        )
        seen.push(...(await takePictures(path, url, await viewsOf(url, '15m'), look, pictures)))
        const wrong = seen.filter(({ tooWide, faults }) => tooWide > 0 || faults.length > 0)
        assert.deepEqual(wrong, [])
      })
    })
})

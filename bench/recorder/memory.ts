import { type Estimate, meanOf } from '../statistics/interval.js'
import { AppProcess } from './app-process.js'
import { attachedEnv, register, type Setting } from './apps.js'
import { measureBlock, type Route } from './block.js'

/**
 * Resident megabytes that the recorder adds after the same load, export worker included: pairs of
 * processes, since memory that was taken is not given back when the recorder is switched off.
 */
export async function addedMemoryMb(
  setting: Setting,
  route: Route,
  pairs: number,
): Promise<Estimate> {
  const added: number[] = []
  for (let pair = 0; pair < pairs; pair++) {
    const attached = await residentAfterLoad(setting, route, ['--import', register])
    const bare = await residentAfterLoad(setting, route, [])
    added.push((attached - bare) / 1e6)
  }
  return meanOf(added)
}

async function residentAfterLoad(
  setting: Setting,
  route: Route,
  execArgv: readonly string[],
): Promise<number> {
  const app = await AppProcess.start({ node: setting.node, execArgv, env: attachedEnv(setting) })
  try {
    await measureBlock(app, setting.load, route, 5 * setting.blockMs)
    return (await app.use()).rssBytes
  } finally {
    await app.stop()
  }
}

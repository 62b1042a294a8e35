import { type Estimate, meanOf } from '../statistics/interval.js'
import { AppProcess } from './app-process.js'
import { envOf, register, type Setting, type Stack } from './apps.js'
import { measureBlock, noDatabase } from './block.js'

/**
 * Resident megabytes that the recorder adds after the same load, export worker included: pairs of
 * processes, since memory that was taken is not given back when the recorder is switched off.
 */
export async function addedMemoryMb(
  setting: Setting,
  stack: Stack,
  pairs: number,
): Promise<Estimate> {
  const added: number[] = []
  for (let pair = 0; pair < pairs; pair++) {
    const attached = await residentAfterLoad(setting, stack, ['--import', register])
    const bare = await residentAfterLoad(setting, stack, [])
    added.push((attached - bare) / 1e6)
  }
  return meanOf(added)
}

async function residentAfterLoad(
  setting: Setting,
  stack: Stack,
  execArgv: readonly string[],
): Promise<number> {
  const app = await AppProcess.start({
    node: setting.nodeOf(stack.node),
    execArgv,
    env: envOf(setting, stack),
  })
  try {
    await measureBlock(app, setting.load, noDatabase, 6 * setting.blockMs)
    return (await app.use()).rssBytes
  } finally {
    await app.stop()
  }
}

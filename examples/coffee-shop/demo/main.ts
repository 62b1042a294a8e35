/** `npm start`: the coffee shop with Hotpath attached, from an empty machine to its findings. */
import { constants } from 'node:os'
import { type Options, readOptions, usage } from './options.js'
import { run } from './run.js'

/** What a shell reports for a process that a signal ended. */
const exitCodes = {
  SIGINT: 128 + constants.signals.SIGINT,
  SIGTERM: 128 + constants.signals.SIGTERM,
  SIGHUP: 128 + constants.signals.SIGHUP,
}

async function main(options: Options): Promise<number> {
  const interruption = new AbortController()
  let interruptedBy: keyof typeof exitCodes | undefined
  for (const name of Object.keys(exitCodes) as (keyof typeof exitCodes)[]) {
    process.on(name, () => {
      interruptedBy ??= name
      interruption.abort()
    })
  }
  try {
    await run(options, interruption.signal)
    // Stopped while it only waited to be stopped: all went well.
    return 0
  } catch (error) {
    if (interruptedBy !== undefined) return exitCodes[interruptedBy]
    process.stderr.write(`\nnpm start: ${error instanceof Error ? error.message : String(error)}\n`)
    return 2
  }
}

let options: Options | undefined
try {
  options = readOptions(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
  process.exitCode = 2
}
if (options?.help) process.stdout.write(usage)
else if (options) process.exitCode = await main(options)

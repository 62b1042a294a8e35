import { startConsole, type RunningConsole } from '@hotpath/console'

/** The console in a process of its own, with its store in a folder. */
let running: RunningConsole | undefined

process.on('message', ({ directory }: { directory: string }) => {
  startConsole({ port: 0, directory }).then(
    started => {
      running = started
      process.send?.({ result: { port: Number(new URL(started.url).port) } })
    },
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
process.on('disconnect', () => {
  void (running?.close() ?? Promise.resolve()).then(() => process.exit())
})

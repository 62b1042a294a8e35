/** Starts the shop: the API and the roastery, each in a process of its own, and ends with them. */
import { type ChildProcess, fork } from 'node:child_process'

const services: readonly { file: string; service: string }[] = [
  { file: './roastery.js', service: 'roastery' },
  { file: './server.js', service: 'coffee-shop' },
]

const running = new Set<ChildProcess>()
let stopping = false

/** Once only: a signal that meets a process on its last steps would end it the hard way. */
function stopServices(): void {
  if (stopping) return
  stopping = true
  for (const child of running) child.kill('SIGTERM')
}

for (const { file, service } of services) {
  const child = fork(new URL(file, import.meta.url), {
    env: { ...process.env, OTEL_SERVICE_NAME: service },
  })
  child.on('exit', (code, signal) => {
    running.delete(child)
    if (stopping) return
    console.error(`${service} ended with ${signal ?? `code ${code}`}`)
    process.exitCode = 1
    // One without the other is of no use.
    stopServices()
  })
  running.add(child)
}

process.on('SIGTERM', stopServices)
process.on('SIGINT', stopServices)

import { fileURLToPath } from 'node:url'
import { openDatabase } from '../demo/database.js'
import { type MailStandIn, startMailStandIn } from '../demo/mail.js'
import { freePort } from '../demo/ports.js'
import { seedDatabase } from '../demo/seed.js'
import { Service } from '../demo/service.js'

/** The whole shop, running as it does in production: its own processes, a real database. */
export interface RunningShop {
  readonly url: string
  readonly databaseUrl: string
  readonly mail: MailStandIn
  readonly processes: Service
  stop(): Promise<void>
}

const folder = fileURLToPath(new URL('../../', import.meta.url))

/** Starts the shop on a database of its own, filled. Stop it, or its processes stay. */
export async function startShop(): Promise<RunningShop> {
  const database = await openDatabase()
  const mail = await startMailStandIn()
  const port = await freePort()
  const roasteryPort = await freePort()
  await seedDatabase(folder, database.url)
  const processes = new Service({
    label: 'the shop',
    args: ['dist/src/main.js'],
    env: {
      DATABASE_URL: database.url,
      MAIL_URL: mail.url,
      PORT: String(port),
      ROASTERY_PORT: String(roasteryPort),
      ROASTERY_URL: `http://127.0.0.1:${roasteryPort}`,
    },
    folder,
  })
  const url = `http://127.0.0.1:${port}`
  await processes.ready(`http://127.0.0.1:${roasteryPort}/health`)
  await processes.ready(`${url}/health`)
  return {
    url,
    databaseUrl: database.url,
    mail,
    processes,
    stop: async () => {
      await processes.stop()
      await mail.stop()
      await database.stop()
    },
  }
}

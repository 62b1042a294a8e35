import assert from 'node:assert/strict'
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { installed } from '@hotpath/test/company'
import { type Postgres, startPostgres } from '../postgres.js'
import { assertStatements, drive, requestsOf } from './drive.js'

const apps = fileURLToPath(new URL('../../test/apps/stacks/', import.meta.url))

describe('ES modules of frameworks and queues in an app of CommonJS', () => {
  let postgres: Postgres
  const folder = installed('stacks')
  // App and module lie beside their libraries, as they do.
  const app = join(folder, 'importing.cjs')
  const libraries = join(folder, 'libraries.mjs')
  before(async () => {
    writeFileSync(app, `require(${JSON.stringify(join(apps, 'app-importing.cjs'))})\n`)
    copyFileSync(join(apps, 'libraries.mjs'), libraries)
    postgres = await startPostgres()
  })
  after(() => postgres.stop())

  const cells = ['directly', 'import', 'require'].flatMap(loadedBy =>
    ['hono', 'koa'].map(framework => ({ framework, loadedBy, attachedBy: 'import' })),
  )
  cells.push({ framework: 'hono', loadedBy: 'directly', attachedBy: 'require' })
  for (const { framework, loadedBy, attachedBy } of cells)
    test(`${framework} and p-queue, ${loadedBy}, attached by --${attachedBy}: the route, and each statement in its own request`, async () => {
      const env = {
        PG_URL: postgres.url,
        STACKS: join(folder, 'package.json'),
        LIBRARIES: libraries,
        LOADED_BY: loadedBy,
        ATTACHED_BY: attachedBy,
      }
      const ways = ['p-queue']
      const seen = await drive({ stack: 'queue', app, framework, env, ways })
      assertStatements(seen, 'p-queue', { system: 'postgresql' })
      for (const { attributes } of requestsOf(seen, 'p-queue'))
        assert.equal(attributes['http.route'], '/p-queue/:n')
    })
})

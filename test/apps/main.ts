import { parseArgs } from 'node:util'
import { startPostgres } from '../postgres.js'
import { runAttached, runPlain } from './run.js'
import type { Logged } from './server-log.js'
import { unleash } from './unleash.js'
import { parse } from './parse.js'
import { directus } from './directus.js'
import { postgraphile } from './postgraphile.js'

const { values } = parseArgs({ options: { app: { type: 'string' }, log: { type: 'boolean' }, find: { type: 'boolean' }, full: { type: 'boolean'} } })
const all = [unleash, parse, directus, postgraphile].filter(app => values.app === undefined || app.name === values.app)

const postgres = await startPostgres({ logStatements: true })
for (const app of all) {
  if (values.log) {
  for (const { drive, requests, answer } of await runPlain(app, postgres)) {
    console.log(`\n### ${drive.route}  ${answer.status} ${answer.text.length} B ${answer.headers.get('content-encoding')}; statements ${requests.map(r => r.length).join(' ')}`)
    const last = requests.at(-1) ?? []
    const groups = new Map<string, Logged[]>()
    for (const one of last) groups.set(one.text, [...(groups.get(one.text) ?? []), one])
    for (const [text, some] of groups) console.log(`  ${some.length}x (${new Set(some.map(o => o.parameters)).size} params, ${Math.min(...requests.flat().filter(o => o.text === text).map(o => o.ms)).toFixed(2)} ms) ${values.full ? text : text.replace(/\s+/g, ' ').slice(0, 160)}  [${some[0]?.parameters.slice(0, 80)}]`)
  }
  }
  if (values.find) {
    const r = await runAttached(app, postgres)
    console.log('names', r.names)
    for (const a of r.routes) console.log(a.drive.route, 'spans', a.traces.map(t => t.length).join(' '), a.answer.status)
    for (const f of r.findings) console.log(JSON.stringify({ kind: f.kind, route: f.route, subject: f.subject, where: f.where, evidence: f.evidence, cost: f.cost }, null, 0))
  }
}
await postgres.stop()
process.exit()

'use strict'
/** node:sqlite, in memory. */
const text = (n, part) => `select ? as r${n}_${part}, 'planted' as s`

module.exports = async () => {
  const { DatabaseSync } = require('node:sqlite')
  const db = new DatabaseSync(':memory:')
  db.exec("create table items (name text unique); insert into items values ('planted')")
  const turns = (n, ask) => {
    for (const part of [1, 2, 3]) ask(part, n)
  }
  const way = ask => async n => turns(n, ask)
  return {
    ways: {
      all: way((part, n) => db.prepare(text(n, part)).all('planted')),
      get: way((part, n) => db.prepare(text(n, part)).get('planted')),
      run: way((part, n) =>
        db
          .prepare(`update items set name = name where name = ? returning 1 as r${n}_${part}`)
          .run('planted'),
      ),
      iterate: way((part, n) => [...db.prepare(text(n, part)).iterate('planted')]),
      exec: way((part, n) => db.exec(`select 1 as r${n}_${part}, 'planted'`)),
      fails: way((part, n) => {
        try {
          db.prepare(`insert into items select ? as r${n}_${part}`).run('planted')
        } catch (error) {
          if (error.code !== 'ERR_SQLITE_ERROR') throw error
        }
      }),
    },
    end: () => db.close(),
  }
}

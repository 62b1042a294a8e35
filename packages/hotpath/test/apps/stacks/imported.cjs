'use strict'
module.exports = async () => {
  const drivers =
    process.env.LOADED_BY === 'require' ? require('./imported.mjs') : await import('./imported.mjs')
  return drivers.open()
}

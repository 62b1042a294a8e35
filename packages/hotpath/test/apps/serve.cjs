'use strict'
/**
 * Serves a handler for a test: says its port, and ends by itself, as an app does, when the test lets
 * go of it. With `APP_FETCH` other modules of the app may call the test's own server.
 */
exports.serve = server => {
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
  process.once('disconnect', () => {
    server.close()
    // A server of node:http2 has no such method.
    server.closeAllConnections?.()
  })
}

// Loaded before the recorder, as Sentry does it: takes a server's `emit` at its first request and
// keeps it in its own.
import { subscribe } from 'node:diagnostics_channel'
import 'node:http'

const seen = new WeakSet()
subscribe('http.server.request.start', ({ server }) => {
  if (seen.has(server)) return
  seen.add(server)
  const kept = server.emit
  server.emit = function emit(...args) {
    return kept.apply(this, args)
  }
})

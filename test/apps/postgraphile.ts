import type { Application } from './application.js'

export const postgraphile: Application = {
  name: 'postgraphile',
  node: 24,
  start: (url, port) => ({ args: [], env: { URL: url, PORT: String(port) } }),
  ready: '/',
  async seed() {},
  drives: [],
}

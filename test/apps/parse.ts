import type { Application } from './application.js'

export const parse: Application = {
  name: 'parse',
  start: (url, port) => ({ args: [], env: { URL: url, PORT: String(port) } }),
  ready: '/',
  async seed() {},
  drives: [],
}

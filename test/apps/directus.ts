import type { Application } from './application.js'

export const directus: Application = {
  name: 'directus',
  start: (url, port) => ({ args: [], env: { URL: url, PORT: String(port) } }),
  ready: '/',
  async seed() {},
  drives: [],
}

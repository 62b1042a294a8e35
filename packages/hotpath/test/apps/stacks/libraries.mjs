/** What an app of CommonJS has as ES modules only through a module of its own. It is copied beside the libraries. */
export { default as Router } from '@koa/router'
export * as nodeServer from '@hono/node-server'
export * as hono from 'hono'
export { default as PQueue } from 'p-queue'

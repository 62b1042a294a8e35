/* oxlint-disable no-eval -- what bundlers do in development is what is tried here */
'use strict'
// @opentelemetry/api as bundlers run it in development: evaluated, under a name that is no file or none
// at all. NAMING says which; the text of API_MAIN and of what it requires lies in API_FOLDER.
const { existsSync, readFileSync } = require('node:fs')
const http = require('node:http')
const { dirname, join } = require('node:path')
const vm = require('node:vm')
const { serve } = require('./serve.cjs')

const folder = process.env.API_FOLDER
const modules = new Map()

function load(file) {
  if (modules.has(file)) return modules.get(file).exports
  const module = { exports: {} }
  modules.set(file, module)
  const code = readFileSync(file, 'utf8')
  const name = `webpack-internal:///./node_modules/@opentelemetry/api/${file.slice(folder.length + 1)}`
  const wrapped = `(function (exports, require, module) {${code}\n})`
  /* oxlint-disable no-eval -- it is what webpack does in development */
  const run = {
    vm: () => new vm.Script(wrapped, { filename: name }).runInThisContext(),
    eval: () => (0, eval)(wrapped),
    'eval with a name': () => (0, eval)(`${wrapped}\n//# sourceURL=${name}`),
  }
  /* oxlint-enable no-eval */
  const required = path => {
    const found = join(dirname(file), path)
    return load([`${found}.js`, join(found, 'index.js')].find(each => existsSync(each)) ?? found)
  }
  run[process.env.NAMING]()(module.exports, required, module)
  return module.exports
}

require(process.env.WORK).work(load(process.env.API_MAIN), http, serve)

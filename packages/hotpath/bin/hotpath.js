#!/usr/bin/env node
// Hands over to the console's command line: the app's own console first, then the one beside us.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const NAME = '@hotpath/console'

function find() {
  for (const from of [join(process.cwd(), 'package.json'), import.meta.url]) {
    try {
      return createRequire(from).resolve(`${NAME}/package.json`)
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND' && error.code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED')
        throw error
    }
  }
  return undefined
}

const found = find()
if (found === undefined) {
  process.stderr.write(
    `hotpath: the command line is in the package ${NAME}, which is not installed here.\n` +
      `  npm install --save-dev ${NAME}\n`,
  )
  process.exitCode = 2
} else {
  await import(new URL('./bin/hotpath-console.js', pathToFileURL(found)).href)
}

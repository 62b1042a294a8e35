#!/usr/bin/env node
// `hotpath` hands over to this file: see packages/hotpath/bin/hotpath.js.
import { run } from '../dist/cli/main.js'

await run(process.argv.slice(2))

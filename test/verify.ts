import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { root } from './places.js'

/** `npm run verify WHAT -- [options]`: the suite of the package that has it. */
const ofConsole = ['index']
const [what = '', ...rest] = process.argv.slice(2)
const owner = ofConsole.includes(what) ? 'console' : 'hotpath'
const main = join(root, 'packages', owner, 'dist-test', 'verify', 'main.js')
const { status, signal } = spawnSync(process.execPath, [main, what, ...rest], { stdio: 'inherit' })
process.exitCode = signal === null ? (status ?? 1) : 1

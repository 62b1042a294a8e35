import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './places.js'
import { packBoth } from './pack.js'

/**
 * Checks both packages as they would be published: publint (what Node and bundlers will find) and
 * attw (what TypeScript will find; ESM alone, as both packages are). Silent when all is well.
 *
 *     npm run packages
 */
const tarballs = packBoth()
let failed = false
try {
  for (const tarball of [tarballs.hotpath, tarballs.console]) {
    check('publint', ['run', tarball, '--strict'])
    check('attw', [tarball, '--profile', 'esm-only', '--no-emoji', '--no-color'])
    checkContents(tarball)
  }
} finally {
  tarballs.remove()
}
process.exitCode = failed ? 1 : 0

function check(tool: string, args: string[]): void {
  const bin = join(root, 'node_modules', '.bin', tool)
  const { status, stdout, stderr } = spawnSync(bin, args, { encoding: 'utf8', cwd: root })
  if (status === 0) return
  failed = true
  process.stdout.write(`${tool} ${args.join(' ')}\n${stdout}${stderr}\n`)
}

/** Nothing travels that a user has no use for: tests, sources, build records. */
function checkContents(tarball: string): void {
  const { stdout } = spawnSync('tar', ['-tzf', tarball], { encoding: 'utf8' })
  const files = stdout.trim().split('\n')
  const useless = files.filter(file => /\.tsbuildinfo$|dist-test|\.test\.|\/src\//.test(file))
  const missing = ['package/package.json', 'package/README.md', 'package/LICENSE'].filter(
    file => !files.includes(file),
  )
  for (const file of useless) report(`${tarball} holds ${file}`)
  for (const file of missing) report(`${tarball} has no ${file}`)
  if (!existsSync(tarball)) report(`${tarball} was not packed`)
}

function report(sentence: string): void {
  failed = true
  process.stdout.write(`${sentence}\n`)
}

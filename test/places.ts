import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root: compiled tests lie in `test/dist`. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

/** Programs and packages that tests start; plain JavaScript, run as a user's would be. */
export const fixtures = join(root, 'test', 'fixtures')

/** What tests install or build on demand; never in git, safe to delete. */
export const cache = join(root, '.cache')

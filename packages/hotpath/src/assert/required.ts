/** What `require('hotpath/test')` gives, bundled as CommonJS: jest requires no ES modules before Node 24.9. */
import './mode.js'

declare const require: (path: string) => unknown

/** A name that the bundler leaves alone: it lies beside the bundle. */
const register = './register.js'
try {
  require(register)
} catch {
  // In jest's sandbox. There the recorder is attached from outside, or the assertions say that it is not.
}

export { expectNoNPlusOne, expectQueries } from './expect.js'

// Attaches the recorder where nobody did, before anything else is loaded.
import './mode.js'
import 'hotpath/register'

export { expectNoNPlusOne, expectQueries } from './expect.js'
export type { LoopOptions, QueryOptions } from './expect.js'

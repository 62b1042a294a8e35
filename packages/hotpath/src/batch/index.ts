export { type By, by, type GroupBy, groupBy } from './align.js'
export { batch, type Batched, type BatchOptions } from './batch.js'
export { type Answer, type Row } from './answer.js'
export { batchScope } from './scope.js'

export { adviseSize, type PoolLoad, type SizeAdvice } from './advice.js'

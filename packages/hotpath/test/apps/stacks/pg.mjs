import common from './pg.cjs'

export default common

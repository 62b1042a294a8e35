import { onModule } from '../trace/module-load.js'
import { gateClient, gateQuery } from './pg-client.js'
import { gatePool } from './pg-pool.js'

/** Gates every copy of pg 8 and pg-pool 3 that the app loads, or has loaded. */
export function gatePg(): void {
  onModule('/pg/lib/query.js', exports => gateQuery(exports as never))
  onModule('/pg/lib/client.js', exports => gateClient(exports as never))
  onModule('/pg-pool/index.js', exports => gatePool(exports as never))
}

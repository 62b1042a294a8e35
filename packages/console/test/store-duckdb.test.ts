import { join } from 'node:path'
import { openStore } from '../dist/store/open.js'
import { storeContract } from './store-contract.js'

storeContract('DuckDB', place => openStore({ path: join(place, 'store.duckdb') }))

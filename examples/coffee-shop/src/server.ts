import { createShop } from './app.js'
import { config } from './config.js'
import { serveUntilStopped } from './lifecycle.js'

await serveUntilStopped(createShop(), config.port, 'coffee-shop')

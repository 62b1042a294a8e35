import { join } from 'node:path'
import { cache } from '../places.js'

export function installedApplication(name: string): string {
  return join(cache, 'apps', name)
}

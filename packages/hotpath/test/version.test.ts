import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { serviceVersion } from '../dist/config/version.js'

const root = mkdtempSync(join(tmpdir(), 'hotpath-version-'))
after(() => rmSync(root, { recursive: true }))
writeFileSync(join(root, 'package.json'), JSON.stringify({ name: 'shop', version: '1.4.2' }))

const commit = '3F2A9C1d4e5b60718293a4b5c6d7e8f901234567'
const attributes = 'deployment.environment=prod, service.version=2024.10%2B3,team=a'

describe('the version of a service is', () => {
  const cases: readonly (readonly [
    said: string,
    environment: Record<string, string>,
    version: string | undefined,
  ])[] = [
    ['that of its package.json', {}, '1.4.2'],
    ['the commit that its host tells', { GIT_SHA: commit }, '3f2a9c1d4e5b'],
    ['not what is no commit', { GIT_SHA: '$COMMIT', SOURCE_VERSION: 'main' }, '1.4.2'],
    [
      'what OpenTelemetry is told',
      { OTEL_RESOURCE_ATTRIBUTES: attributes, GIT_SHA: commit },
      '2024.10+3',
    ],
    [
      'nothing of other attributes',
      { OTEL_RESOURCE_ATTRIBUTES: 'version=9,xservice.version=8' },
      '1.4.2',
    ],
    ['what other tracers are told', { DD_VERSION: '7', OTEL_SERVICE_VERSION: '8' }, '8'],
    [
      'what we are told, before all',
      { HOTPATH_VERSION: 'blue', OTEL_SERVICE_VERSION: '8' },
      'blue',
    ],
    ['not what is no word', { HOTPATH_VERSION: 'a b\n', DD_VERSION: 'x'.repeat(65) }, '1.4.2'],
  ]
  for (const [said, environment, version] of cases)
    test(said, () => assert.equal(serviceVersion(root, environment), version))

  test('unknown where nobody says', () => {
    assert.equal(serviceVersion(join(root, 'gone'), {}), undefined)
  })
})

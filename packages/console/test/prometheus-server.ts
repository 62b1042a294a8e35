import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Why there is no Prometheus here, or null. `npm test` installs it first. */
export const prometheusMissing = (): string | null =>
  spawnSync('promtool', ['--version']).status === 0
    ? null
    : 'Prometheus is not installed (Debian: apt-get install prometheus)'

/** What `promtool check metrics` says of a text: nothing when all is well. */
export function checkMetrics(text: string): string {
  const { status, stderr, stdout } = spawnSync('promtool', ['check', 'metrics'], { input: text })
  return status === 0 ? '' : `${String(stdout)}${String(stderr)}`
}

interface Sampled {
  readonly metric: Readonly<Record<string, string>>
  readonly value: number
}

/** A real Prometheus that scrapes one target each second. */
export interface Prometheus {
  query(expression: string): Promise<readonly Sampled[]>
  /** The one value of an expression; undefined when there is none. */
  value(expression: string): Promise<number | undefined>
  exemplars(expression: string): Promise<readonly Readonly<Record<string, string>>[]>
}

/** Runs `use` with a Prometheus of its own on a free port, with its data in a directory that goes. */
export async function withPrometheus<T>(
  target: string,
  use: (prometheus: Prometheus) => Promise<T>,
): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'hotpath-prometheus-'))
  const address = `127.0.0.1:${await freePort()}`
  writeFileSync(
    join(directory, 'prometheus.yml'),
    `
global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs:
  - job_name: hotpath
    static_configs: [{ targets: ['${new URL(target).host}'] }]
`,
  )
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(directory, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=${address}`,
      '--enable-feature=exemplar-storage',
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let said = ''
  child.stderr.on('data', text => (said += String(text)))
  const ended = once(child, 'exit')
  try {
    const base = `http://${address}/api/v1`
    await ready(`http://${address}/-/ready`, () => said)
    return await use(clientOf(base))
  } finally {
    child.kill('SIGKILL')
    await ended
    rmSync(directory, { recursive: true, force: true })
  }
}

function clientOf(base: string): Prometheus {
  const query = async (expression: string): Promise<readonly Sampled[]> => {
    const { data } = (await ask(`${base}/query`, { query: expression })) as {
      data: { result: { metric: Record<string, string>; value: [number, string] }[] }
    }
    return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }))
  }
  return {
    query,
    value: async expression => (await query(expression))[0]?.value,
    exemplars: async expression => {
      const end = Date.now() / 1e3
      const { data } = (await ask(`${base}/query_exemplars`, {
        query: expression,
        start: String(end - 600),
        end: String(end + 60),
      })) as { data: { exemplars: { labels: Record<string, string> }[] }[] }
      return data.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels))
    },
  }
}

async function ask(url: string, parameters: Record<string, string>): Promise<unknown> {
  const response = await fetch(`${url}?${new URLSearchParams(parameters)}`)
  if (!response.ok)
    throw new Error(`Prometheus answered ${response.status}: ${await response.text()}`)
  return response.json()
}

async function ready(url: string, said: () => string): Promise<void> {
  const endMs = performance.now() + 30_000
  for (;;) {
    const response = await fetch(url).catch(() => undefined)
    await response?.body?.cancel()
    if (response?.ok === true) return
    if (performance.now() > endMs) throw new Error(`Prometheus does not come up: ${said()}`)
    await sleep(50)
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

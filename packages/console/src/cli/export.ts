import type { Command } from 'commander'
import { appRoot, configFile, serviceName } from 'hotpath/config/file'
import { ConsoleError } from '../errors.js'
import type { ExportAnswer, ExportOrder } from './export-worker.js'
import { inThread } from './in-thread.js'
import { tell } from './output.js'

interface ExportOptions {
  readonly listen: string
  readonly upstream: string
  readonly cachePath: string
}

const edges = {
  nginx: 'limit_req, limit_conn, proxy_cache and gzip, for the http block of nginx.conf',
  kong: 'a declarative configuration for Kong 3, as YAML',
  aws: 'a CloudFormation template for AWS API Gateway: OpenAPI with extensions, usage plans, throttling',
} as const

/** Adds the commands that write the config of the app for what stands in front of it. */
export function addExport(program: Command): void {
  const group = program
    .command('export')
    .description(
      'writes the limits and caches of hotpath.config for what stands in front of the app',
    )
  for (const [edge, description] of Object.entries(edges) as [keyof typeof edges, string][]) {
    const command = group
      .command(edge)
      .description(description)
      .option('--upstream <host:port>', 'where the app is', '127.0.0.1:3000')
      .addHelpText(
        'after',
        `\nExample:\n  hotpath export ${edge} --upstream 10.0.0.7:3000 > ${edge === 'nginx' ? 'hotpath.conf' : edge === 'kong' ? 'kong.yaml' : 'api.json'}\n\nWhat has no equivalent is said on stderr and in the file: docs/edge-export.md.`,
      )
    if (edge === 'nginx')
      command
        .option('--listen <address>', 'where nginx listens', '80')
        .option('--cache-path <path>', 'where nginx keeps answers', '/var/cache/nginx/hotpath')
    command.action((options: ExportOptions) => run(edge, options))
  }
}

async function run(edge: keyof typeof edges, options: ExportOptions): Promise<void> {
  const { upstream, listen = '80', cachePath = '/var/cache/nginx/hotpath' } = options
  for (const [name, value, form] of [
    ['--upstream', upstream, /^[\w.:[\]-]+:\d{1,5}$/],
    ['--listen', listen, /^[\w.:[\]*-]+$/],
    ['--cache-path', cachePath, /^[\w./-]+$/],
  ] as const)
    if (!form.test(value)) throw new ConsoleError('EXPORT_OPTION', { name, value })
  const root = appRoot(process.cwd())
  const file = configFile(root, process.env['HOTPATH_CONFIG'])
  if (file === undefined) throw new ConsoleError('EXPORT_CONFIG', { directory: root })
  const order: ExportOrder = {
    file,
    edge,
    service: serviceName(root, undefined),
    upstream,
    listen,
    cachePath,
  }
  const answer = await inThread<ExportAnswer>(
    new URL('./export-worker.js', import.meta.url),
    order,
    file,
  )
  if (!answer.ok) throw new ConsoleError('APP_CONFIG', { message: answer.message })
  process.stdout.write(answer.text)
  for (const note of answer.notes) tell(`not the same: ${note}`)
}

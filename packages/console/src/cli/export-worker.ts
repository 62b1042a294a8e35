import { parentPort, workerData } from 'node:worker_threads'
import { loadConfig } from 'hotpath/config/file'
import { awsTemplate } from '../export/edge/aws.js'
import { kongConfig } from '../export/edge/kong.js'
import { type NginxOptions, nginxConfig, said } from '../export/edge/nginx.js'
import { edgePlan } from '../export/edge/plan.js'

/** What is to be written, of which config. */
export interface ExportOrder extends NginxOptions {
  readonly file: string
  readonly edge: 'nginx' | 'kong' | 'aws'
  /** Where nothing of the config names the service. */
  readonly service: string
}

/** What comes back: the config has functions, which stay in the thread. */
export type ExportAnswer =
  | { readonly ok: true; readonly text: string; readonly notes: readonly string[] }
  | { readonly ok: false; readonly message: string }

parentPort?.postMessage(await write(workerData as ExportOrder))

async function write(order: ExportOrder): Promise<ExportAnswer> {
  const checked = await loadConfig(order.file)
  if (!checked.ok) return { ok: false, message: checked.problem.message }
  const plan = edgePlan({ service: order.service, ...checked.config })
  const url = `http://${order.upstream}`
  const { text, notes } =
    order.edge === 'nginx'
      ? nginxConfig(plan, order)
      : order.edge === 'kong'
        ? kongConfig(plan, url)
        : awsTemplate(plan, url)
  return { ok: true, text, notes: notes.map(said) }
}

/** The two text forms that Prometheus reads; what is said in both is the same. */
export type Form = 'prometheus' | 'openmetrics'

export type Labels = Readonly<Record<string, string>>

export interface Sample {
  /** `_bucket`, `_sum`, `_count` of a histogram; empty otherwise. */
  readonly suffix?: string
  readonly labels: Labels
  readonly value: number
  readonly exemplar?: Exemplar
}

/** A request that is counted in a bucket, by its trace. */
export interface Exemplar {
  readonly traceId: string
  readonly spanId: string
  readonly value: number
  readonly timeMs: number
}

export interface Family {
  /** Without `_total`. */
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  /** Ends the name, as OpenMetrics asks: `seconds`, `bytes`. */
  readonly unit?: 'seconds' | 'bytes' | 'ratio'
  readonly samples: readonly Sample[]
}

export const contentTypes: Readonly<Record<Form, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

/** The form that an Accept header asks for: OpenMetrics when it is named and not refused. */
export function formOf(accept: string | undefined): Form {
  const named = (accept ?? '')
    .split(',')
    .map(part => part.split(';').map(piece => piece.trim().toLowerCase()))
    .find(([type]) => type === 'application/openmetrics-text')
  return named === undefined || named.some(piece => /^q=0(\.0*)?$/.test(piece))
    ? 'prometheus'
    : 'openmetrics'
}

/** Families as text; those without a sample are left out. */
export function exposition(families: readonly Family[], form: Form): string {
  const lines: string[] = []
  for (const { name, type, help, unit, samples } of families) {
    if (samples.length === 0) continue
    const total = type === 'counter' ? '_total' : ''
    // OpenMetrics names the family of a counter without the ending of its samples.
    const family = form === 'openmetrics' ? name : name + total
    lines.push(`# HELP ${family} ${escapeHelp(help, form)}`, `# TYPE ${family} ${type}`)
    if (form === 'openmetrics' && unit !== undefined) lines.push(`# UNIT ${family} ${unit}`)
    for (const { suffix = total, labels, value, exemplar } of samples) {
      const line = `${name}${suffix}${labelsText(labels)} ${numberText(value)}`
      lines.push(
        form === 'openmetrics' && exemplar !== undefined ? line + exemplarText(exemplar) : line,
      )
    }
  }
  if (form === 'openmetrics') lines.push('# EOF')
  return `${lines.join('\n')}\n`
}

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).filter(([, value]) => value !== '')
  return pairs.length === 0
    ? ''
    : `{${pairs.map(([name, value]) => `${name}="${escapeLabel(value)}"`).join(',')}}`
}

const exemplarText = ({ traceId, spanId, value, timeMs }: Exemplar): string =>
  ` # {trace_id="${traceId}",span_id="${spanId}"} ${numberText(value)} ${(timeMs / 1e3).toFixed(3)}`

/** What a sender put into a name must stay inside of its quotes, and on its line. */
const escapeLabel = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')

const escapeHelp = (text: string, form: Form): string =>
  form === 'openmetrics' ? escapeLabel(text) : text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')

export function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  return Number.isInteger(value) && Math.abs(value) < 1e15 ? value.toFixed(1) : String(value)
}

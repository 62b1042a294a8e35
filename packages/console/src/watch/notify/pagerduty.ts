import { type AlertLine, ended, type Message } from '../message.js'
import { figureOf, oneLine } from '../words.js'
import { type Told, told } from './told.js'
import type { NotifierRequest } from './notifier.js'

const defaultEndpoint = 'https://events.pagerduty.com'

/**
 * An event of PagerDuty's Events API v2 (developer.pagerduty.com/docs/send-alert-event). One incident for
 * an episode of a rule, however many routes it is about: all events of it have one `dedup_key`, so that
 * a repetition changes nothing, and only the end of the last alert resolves it. Limits: 1,024 characters
 * of a summary, 255 of a key, 512 kB in all.
 */
export const pagerduty =
  (routingKey: string, endpoint = defaultEndpoint) =>
  (message: Message): NotifierRequest => {
    const words = told(message)
    const resolves = message.kind === 'resolved'
    const event = {
      routing_key: routingKey,
      event_action: resolves ? 'resolve' : 'trigger',
      dedup_key: `hotpath-${message.episode}`,
      payload: {
        summary: oneLine(words.title, 1_024),
        source: oneLine(sourceOf(message), 255),
        severity: message.severity,
        timestamp: new Date(message.atMs).toISOString(),
        component: oneLine(message.alerts[0]?.route ?? 'all routes', 255),
        group: oneLine(message.rule, 255),
        class: message.unit === 'ms' ? 'latency' : 'errors',
        custom_details: {
          condition: oneLine(message.condition, 500),
          firing: message.firing,
          alerts: message.alerts.map(line => detail(line, message, words)),
          ...(words.rest === null ? {} : { more: words.rest }),
        },
      },
      links: message.alerts.map(({ link, route, service }) => ({
        href: link,
        text: oneLine(route ?? service, 200),
      })),
      client: 'Hotpath',
      client_url: message.url,
    }
    const url = `${endpoint.replace(/\/+$/, '')}/v2/enqueue`
    return { url, headers: {}, body: JSON.stringify(event) }
  }

/** What is affected: the service, or the services. */
function sourceOf({ alerts }: Message): string {
  const services = [...new Set(alerts.map(({ service }) => service))]
  return services.join(', ') || 'hotpath'
}

function detail(line: AlertLine, { unit }: Message, words: Told): object {
  const { finding } = words.line(line)
  return {
    state: ended(line) ? 'resolved' : 'firing',
    service: oneLine(line.service, 200),
    ...(line.route === null ? {} : { route: oneLine(line.route, 500) }),
    value: figureOf(unit, line.value),
    bound: figureOf(unit, line.bound),
    ...(line.usual === null ? {} : { usual: figureOf(unit, line.usual) }),
    requests: line.requests,
    ...(finding === null ? {} : { finding: oneLine(finding, 500) }),
  }
}

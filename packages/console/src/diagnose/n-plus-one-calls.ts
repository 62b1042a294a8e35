import type { Fix, Trace, TraceSpan } from '../model.js'
import { isInSeveral } from './confirm.js'
import { count } from './figures.js'
import { inWords } from './n-plus-one.js'
import {
  type Description,
  type Detector,
  type DetectorMeta,
  type Occurrence,
  occurrenceIn,
  type Told,
} from './occurrence.js'
import { outgoing } from './outgoing.js'
import { eachCall, partOfRequest } from './sentences.js'
import { orderOf, unionNs } from './timing.js'

const settings = {
  /** As for statements: three or four calls of one address are often written out one by one. */
  calls: 5,
  /** What its fix runs at once. */
  atOnce: 8,
}

const meta: DetectorMeta = {
  id: 'n-plus-one-calls',
  title: 'Calls in a loop',
  why: 'Each call waits for its way to the other service and back, and takes a connection and a turn there.',
  threshold: `${settings.calls} calls of one address in one request.`,
  about: 'call',
}

export const nPlusOneCalls: Detector = {
  meta,
  detect,
  isConfirmed: isInSeveral,
  describe,
  fixes,
  remedy: {
    changes: ({ calls, order }) =>
      order === 'sequential' ? { together: inEights(calls) } : undefined,
    how: ({ typical }) =>
      typical.order === 'sequential'
        ? `${settings.atOnce} calls begin at once, and each takes as long as it did. One call for all of them may gain more: what it would take, the other service knows.`
        : 'They run together already. What one call for all of them would take, the other service knows.',
  },
  inShort: ({ calls, order }) => `one loop: ${count(calls.length)} calls, ${inWords(order)}`,
}

/** Finds the same address of another service, called at least five times in one request. */
function detect(trace: Trace): readonly Occurrence[] {
  return outgoing(trace).flatMap(({ request, target, where, calls }) => {
    if (calls.length < settings.calls) return []
    const occurrence = occurrenceIn(meta.id, trace, request, target)
    return [
      {
        ...occurrence,
        ...(where ? { where } : {}),
        calls,
        order: orderOf(calls),
        takenNs: unionNs(calls),
      },
    ]
  })
}

function inEights(calls: readonly TraceSpan[]): (readonly TraceSpan[])[] {
  return calls.flatMap((_, i) =>
    i % settings.atOnce === 0 ? [calls.slice(i, i + settings.atOnce)] : [],
  )
}

function describe({ calls, typical }: Told): Description {
  return [
    `${count(calls)} calls in a loop`,
    [
      `${count(calls)} calls of ${typical.subject}, ${inWords(typical.order)}.`,
      partOfRequest(typical),
      eachCall(typical),
    ],
  ]
}

function fixes({ subject, order }: Occurrence): Fix[] {
  return [
    {
      kind: 'code',
      title: 'Ask for all of them in one call',
      text: `Where the service of ${subject} takes a list, collect the keys before the loop and ask once; where it does not, it is the better place to add that.`,
    },
    order === 'sequential'
      ? {
          kind: 'code',
          title: 'Else run a few at a time',
          note: 'Not all at once: the other service has to bear it.',
          text: `const answers = []\nfor (let i = 0; i < keys.length; i += ${settings.atOnce})\n  answers.push(...(await Promise.all(keys.slice(i, i + ${settings.atOnce}).map(ask))))`,
          snippet: true,
        }
      : {
          kind: 'code',
          title: 'Else keep answers that several requests ask for (docs/cache.md)',
          text: "import { cache } from 'hotpath/cache'\nconst askOnce = cache(ask, { ttl: '30s' })",
          snippet: true,
        },
  ]
}

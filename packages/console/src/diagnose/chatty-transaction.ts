import type { Fix, Trace } from '../model.js'
import { callSite, statementOf } from './calls.js'
import { isItsCode } from './computing.js'
import { isInMost } from './confirm.js'
import { counted, duration } from './figures.js'
import { type HeldOpen, heldOpen } from './held-open.js'
import {
  type Description,
  type Detector,
  type DetectorMeta,
  type Occurrence,
  occurrenceIn,
  type Told,
  type Weighed,
} from './occurrence.js'
import { isOutgoing, targetOf } from './outgoing.js'
import { reading } from './reading.js'
import { partOfRequest } from './sentences.js'
import { median, unionNs } from './timing.js'
import { unpredicted } from './remedy.js'

const settings = {
  /** A transaction of a few statements holds its locks for 1 to 10 ms: this is twice as long. */
  heldMs: 20,
}

const meta: DetectorMeta = {
  id: 'chatty-transaction',
  title: 'A transaction held open',
  why: 'Its locks and its connection are held while it waits for something else: others who write the same rows, or need a connection, wait as long.',
  threshold: `${settings.heldMs} ms of calls or computing between the first write and COMMIT: twice what a transaction of a few statements takes.`,
  about: 'statement',
}

export const chattyTransaction: Detector = {
  meta,
  detect,
  isConfirmed,
  describe,
  fixes,
  remedy: unpredicted(
    'This request takes as long when the call is made before or after the transaction. What others gain, which wait for its locks and its connection, cannot be seen in its traces.',
  ),
  inShort: ({ takenNs }) => `a transaction held open: ${duration(takenNs / 1e6)}`,
}

/** Finds transactions that call another service, or keep the event loop, with locks held. */
function detect(trace: Trace): readonly Occurrence[] {
  return heldOpen(trace).flatMap(held => {
    const takenNs = unionNs(held.work)
    return takenNs < settings.heldMs * 1e6 ? [] : [occurrenceOf(trace, held, takenNs)]
  })
}

/** Calls take their time; what computes must do so by itself, and not for want of a processor. */
function isConfirmed(weighed: Weighed): boolean {
  const calling = weighed.occurrences.filter(({ calls }) => calls.some(isOutgoing))
  if (calling.length * 2 > weighed.occurrences.length) return isInMost(weighed)
  return isItsCode(weighed, ({ takenNs }) => takenNs / 1e6)
}

function occurrenceOf(trace: Trace, held: HeldOpen, takenNs: number): Occurrence {
  const read = reading(statementOf(held.lock) ?? '')
  const where = held.work.map(callSite).find(site => site !== undefined)
  return {
    ...occurrenceIn(meta.id, trace, held.request, read.template),
    reading: read,
    ...(where ? { where } : {}),
    calls: held.work,
    order: 'sequential',
    takenNs,
  }
}

function describe({ occurrences, typical, calls }: Told): Description {
  const ms = duration(median(occurrences.map(({ takenNs }) => takenNs / 1e6)))
  const targets = [...new Set(typical.calls.filter(isOutgoing).map(targetOf))]
  const what =
    targets.length === 0
      ? 'computes'
      : `makes ${counted(calls, 'call')} (${targets.slice(0, 3).join(', ')})`
  return [
    `A transaction is held open for ${ms}`,
    [
      `After it has written to ${typical.reading.table ?? 'a table'} and before COMMIT, the request ${what} for ${ms} (median): the rows are locked and the connection is lent meanwhile.`,
      partOfRequest(typical),
    ],
  ]
}

function fixes({ reading: { table }, calls }: Occurrence): Fix[] {
  const out = calls.some(isOutgoing)
  return [
    {
      kind: 'code',
      title: out ? 'Call before the transaction, or after it' : 'Compute before the transaction',
      note: out
        ? 'A call that fails after COMMIT must be made again: write what is to be done into a table in the same transaction (an outbox), and let a worker do it.'
        : 'What is computed from rows that may change meanwhile is checked again with the write: update ... where version = $n.',
      text: `Do between BEGIN and COMMIT only what writes to ${table ?? 'the tables'}: fetch and compute what it needs first, and tell others afterwards.`,
    },
  ]
}

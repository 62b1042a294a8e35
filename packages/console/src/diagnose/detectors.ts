import type { FindingKind } from '../model.js'
import { backgroundWork } from './background-work.js'
import { blockedEventLoop } from './blocked-event-loop.js'
import { connectionChurn } from './connection-churn.js'
import { nPlusOne } from './n-plus-one.js'
import { nPlusOneCalls } from './n-plus-one-calls.js'
import { overSelect } from './over-select.js'
import { overFetch } from './over-fetch.js'
import { wideResponse } from './wide-response.js'
import { connectionLeak } from './connection-leak.js'
import { largePayload } from './large-payload.js'
import { uncompressed } from './uncompressed.js'
import { missingIndex } from './missing-index.js'
import { largeResult } from './large-result.js'
import { cacheable } from './cacheable.js'
import { chattyTransaction } from './chatty-transaction.js'
import type { Detector } from './occurrence.js'
import { repeatedStatement } from './repeated-statement.js'
import { sequentialCalls } from './sequential-calls.js'
import { sequentialStatements } from './sequential-statements.js'
import { slowCall } from './slow-call.js'
import { slowSerialisation } from './slow-serialisation.js'
import { slowStatement } from './slow-statement.js'
import { starvedPool } from './starved-pool.js'
import { unboundedList } from './unbounded-list.js'

export const detectors: readonly Detector[] = [
  nPlusOne,
  repeatedStatement,
  slowStatement,
  missingIndex,
  sequentialStatements,
  unboundedList,
  starvedPool,
  connectionChurn,
  connectionLeak,
  nPlusOneCalls,
  slowCall,
  sequentialCalls,
  backgroundWork,
  blockedEventLoop,
  chattyTransaction,
  largeResult,
  overSelect,
  overFetch,
  wideResponse,
  largePayload,
  uncompressed,
  slowSerialisation,
  cacheable,
]

const byKind = new Map(detectors.map(detector => [detector.meta.id, detector]))

export function detectorOf(kind: FindingKind): Detector {
  const detector = byKind.get(kind)
  if (!detector) throw new Error(`there is no detector of the kind ${kind}`)
  return detector
}

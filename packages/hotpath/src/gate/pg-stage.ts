import type { PgStage } from '../query/seam.js'
import type { PgClient, Submittable } from './pg-types.js'
import { replace } from './replace.js'

/** The stage, when there is one; fields of an object, so that every gate sees the change. */
export const stages: {
  pg: PgStage | undefined
  /** Statements that came before the config was read: they may have changed their session. */
  early: EarlyStatement[] | undefined
} = { pg: undefined, early: undefined }

export type EarlyStatement = readonly [client: PgClient, config: unknown, values: unknown]
/** More statements than this before the config was read: then it is not known what they did. */
export const MAX_EARLY = 10_000

const queries = new Set<object>()
/** The query that pg has sent last: pg sends the newest at once when it is idle. */
let sent: Submittable | undefined

/**
 * A class of pg's queries: gated for the stage once there is one.
 *
 * @param sending Told of each query when its connection sends it.
 */
export function stageQueries(prototype: object, sending: (query: object) => void): void {
  queries.add(prototype)
  replace(
    prototype,
    'submit',
    original =>
      function submit(connection) {
        sending(this as object)
        const stage = stages.pg
        if (stage === undefined) return original.call(this, connection)
        sent = this as Submittable
        if (stage.submit(this as object, connection as object)) return null
        return original.call(this, connection)
      },
  )
  if (stages.pg !== undefined) install(prototype)
}

/** From now on every statement passes this stage; it is told of those that came before. */
export function useStage(stage: PgStage): void {
  for (const [client, config, values] of stages.early ?? []) stage.missed(client, config, values)
  stages.early = undefined
  stages.pg = stage
  for (const prototype of queries) install(prototype)
}

/** Before `Client.query` runs. */
export function forgetSent(): void {
  sent = undefined
}

/** The query that it sent at once, where that is known. */
export function lastSent(): Submittable | undefined {
  return sent
}

function install(prototype: object): void {
  replace(
    prototype,
    'handleDataRow',
    original =>
      function handleDataRow(message) {
        stages.pg?.row(this as object, (message as { fields: unknown[] }).fields)
        return original.call(this, message)
      },
  )
}

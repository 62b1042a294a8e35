import { noDatabase, oneQuery, type Route, twentyQueries } from './block.js'
import type { Stack } from './apps.js'

/** What is compared on one stack: its processes live for all of its routes. */
export interface Plan {
  readonly stack: Stack
  /** Beside the other tracers. */
  readonly beside: boolean
  /** How often all processes are started anew. */
  readonly lives: number
  /** Of each life, by route: on, off and off again. */
  readonly rounds: readonly (readonly [Route, number])[]
  /** Of those, in which the never attached and the other tracers take part. */
  readonly roundsOfAll: number
}

const fastify = { framework: 'fastify', driver: 'pg' } as const

/**
 * 13 minutes for all, with blocks of half a second: most rounds for what a figure of the last line comes of,
 * few for the other tracers, which differ from the bare app by more than any noise.
 */
export const plans: readonly Plan[] = [
  {
    stack: { node: 24, ...fastify },
    beside: true,
    lives: 4,
    rounds: [
      [noDatabase, 8],
      [oneQuery, 3],
      [twentyQueries, 8],
    ],
    roundsOfAll: 2,
  },
  {
    stack: { node: 24, framework: 'express', driver: 'pg' },
    beside: true,
    lives: 3,
    rounds: [
      [noDatabase, 3],
      [oneQuery, 3],
      [twentyQueries, 3],
    ],
    roundsOfAll: 2,
  },
  ...(['postgres', 'mysql2'] as const).map(driver => ({
    stack: { node: 24, framework: 'fastify', driver } as const,
    beside: false,
    lives: 3,
    rounds: [[twentyQueries, 8]] as const,
    roundsOfAll: 2,
  })),
  {
    stack: { node: 20, ...fastify },
    beside: false,
    lives: 3,
    rounds: [[noDatabase, 8]],
    roundsOfAll: 2,
  },
]

/** One life of two rounds each, without the other tracers: they are 400 MB to fetch. */
export const quickPlans: readonly Plan[] = plans.map(plan => ({
  ...plan,
  beside: false,
  lives: 1,
  rounds: plan.rounds.map(([route]) => [route, 2] as const),
  roundsOfAll: 1,
}))

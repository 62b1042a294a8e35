import { clock } from '../clock.js'
import { type CallSite, placeOf } from './call-site.js'

/** V8's profile of a stretch of time, as the inspector gives it; lines and columns from 0 up, times in us. */
export interface Profile {
  readonly nodes: readonly ProfileNode[]
  readonly startTime: number
  readonly endTime: number
  readonly samples?: readonly number[]
  readonly timeDeltas?: readonly number[]
}

/** A frame below its callers. Its ticks are those in which it was the innermost, by line from 1 up. */
export interface ProfileNode {
  readonly id: number
  readonly callFrame: {
    readonly functionName: string
    readonly url: string
    readonly lineNumber: number
    readonly columnNumber: number
  }
  readonly children?: readonly number[]
  readonly positionTicks?: readonly { readonly line: number; readonly ticks: number }[]
}

/** The frame of the app in which most of a stretch was spent. */
export interface HottestFrame {
  readonly site: CallSite
  /** Part of the samples of the stretch in which it was the innermost frame of the app, 0 to 1. */
  readonly share: number
}

/** Fewer say nothing. A busy machine takes one in 4 ms. */
const FEWEST_SAMPLES = 5
/** What takes less of a block is not what keeps it. */
const LEAST_SHARE = 0.3
/** A line that was in fewer of its frame's samples is not named: its function is. */
const LINE_SHARE = 0.5
/** Behind every statement of a line: of several, a source map takes the last one that began before. */
const END_OF_LINE = 10_000

/**
 * The app's hottest frame between two times of the profile's clock, in us: each sample counts for the
 * innermost frame that is the app's, whatever library or part of Node that called. Undefined where there are
 * few samples, or no frame takes its part of them. Pure.
 */
export function hottestFrame(
  { nodes, startTime, samples = [], timeDeltas = [] }: Profile,
  fromUs: number,
  toUs: number,
): HottestFrame | undefined {
  const own = ownFrames(nodes)
  const hits = new Map<string, { readonly at: Place; n: number; ever: number }>()
  let atUs = startTime
  let all = 0
  for (const [i, id] of samples.entries()) {
    atUs += timeDeltas[i] ?? 0
    const within = atUs >= fromUs && atUs <= toUs ? 1 : 0
    all += within
    const at = own.get(id)
    if (at === undefined) continue
    const hit = hits.get(at.key) ?? { at, n: 0, ever: 0 }
    hit.n += within
    hit.ever++
    hits.set(at.key, hit)
  }
  if (all < FEWEST_SAMPLES) return undefined
  const [most] = [...hits.values()].sort((a, b) => b.n - a.n)
  if (most === undefined || most.n < LEAST_SHARE * all) return undefined
  return { site: siteOf(most.at, most.ever, nodes, own), share: most.n / all }
}

/** A function of the app: one, however it was called. */
interface Place {
  readonly key: string
  readonly frame: ProfileNode['callFrame']
  readonly site: CallSite
}

/** By the id of each node, the innermost function of the app on its stack. */
function ownFrames(nodes: readonly ProfileNode[]): Map<number, Place> {
  const byId = new Map(nodes.map(node => [node.id, node]))
  const own = new Map<number, Place>()
  const known = new Map<string, Place | undefined>()
  const open: (readonly [node: ProfileNode, above: Place | undefined])[] = []
  const [root] = nodes
  if (root !== undefined) open.push([root, undefined])
  // Not by recursion: stacks may be deep.
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [node, above] = next
    const at = placeIn(node.callFrame, known) ?? above
    if (at !== undefined) own.set(node.id, at)
    for (const id of node.children ?? []) {
      const child = byId.get(id)
      if (child !== undefined) open.push([child, at])
    }
  }
  return own
}

function placeIn(
  frame: ProfileNode['callFrame'],
  known: Map<string, Place | undefined>,
): Place | undefined {
  const { url, lineNumber, columnNumber, functionName } = frame
  // Of code that was optimised it may not know where it began.
  if (lineNumber < 0) return undefined
  const key = `${url}:${lineNumber}:${columnNumber}`
  if (!known.has(key)) {
    const site = placeOf(url, lineNumber + 1, columnNumber + 1, functionName)
    known.set(key, site && { key, frame, site })
  }
  return known.get(key)
}

/** The line of the function that took most of its samples, where one did; else where the function begins. */
function siteOf(
  { key, frame, site }: Place,
  ever: number,
  nodes: readonly ProfileNode[],
  own: ReadonlyMap<number, Place>,
): CallSite {
  const ticks = new Map<number, number>()
  for (const { id, callFrame, positionTicks = [] } of nodes) {
    // Ticks of what it called are lines of other files.
    if (own.get(id)?.key !== key || callFrame.url !== frame.url) continue
    // Line 0: the engine does not know.
    for (const { line, ticks: n } of positionTicks)
      if (line > 0) ticks.set(line, (ticks.get(line) ?? 0) + n)
  }
  const [most] = [...ticks].sort(([, a], [, b]) => b - a)
  const [line, n] = most ?? [0, 0]
  if (n < LINE_SHARE * ever || line === frame.lineNumber + 1) return site
  return placeOf(frame.url, line, END_OF_LINE, frame.functionName) ?? site
}

type Post = (method: string, parameters: object | undefined) => unknown

/** How often it is looked what runs: 25 ms have twelve of it. Every 1 ms took 10 to 30 % of a busy core. */
const INTERVAL_US = 2_000

/**
 * The processor profile of this thread, while it runs. Its engine is Node's own inspector, in this process:
 * no port is opened, and nobody else's session is used.
 */
export class RunningProfile {
  readonly #post: Post
  readonly #close: () => void

  private constructor(post: Post, close: () => void) {
    this.#post = post
    this.#close = close
  }

  /** Undefined where somebody looks at the process already, or Node was built without an inspector. Throws. */
  static start(): RunningProfile | undefined {
    const inspector = process.getBuiltinModule('node:inspector') as
      | typeof import('node:inspector')
      | undefined
    if (inspector === undefined || inspector.url() !== undefined || isProfiled()) return undefined
    const session = new inspector.Session()
    session.connect()
    const post: Post = (method, parameters) => {
      // Within the process it is answered before `post` returns.
      let failure: Error | null = new Error(`${method} was not answered`)
      let answer: unknown
      session.post(method, parameters, (error, result) => {
        failure = error
        answer = result
      })
      if (failure !== null) throw failure
      return answer
    }
    const running = new RunningProfile(post, () => session.disconnect())
    try {
      post('Profiler.enable', undefined)
      post('Profiler.setSamplingInterval', { interval: INTERVAL_US })
      post('Profiler.start', undefined)
      return running
    } catch (error) {
      session.disconnect()
      throw error
    }
  }

  /** Ends it. The hottest frame between two times of `clock`, in ms; none where it is not asked for. Throws. */
  stop(between?: { readonly fromMs: number; readonly toMs: number }): HottestFrame | undefined {
    try {
      const nowMs = clock.now()
      const { profile } = this.#post('Profiler.stop', undefined) as { profile: Profile }
      if (between === undefined) return undefined
      // Both clocks go alike, from other zeros.
      const toUs = (ms: number): number => profile.endTime + (ms - nowMs) * 1e3
      return hottestFrame(profile, toUs(between.fromMs), toUs(between.toMs))
    } finally {
      this.#close()
    }
  }
}

/** Not `--cpu-prof-interval`, which Node 24 hands to each test file. */
const PROFILING = /(?:^|\s)--(?:cpu-prof|heap-prof|prof|experimental-test-coverage)(?:\s|$)/

/** Whoever measures the whole process, or counts what its tests cover, has it for himself. */
function isProfiled(): boolean {
  const flags = [...process.execArgv, process.env.NODE_OPTIONS ?? '']
  return process.env.NODE_V8_COVERAGE !== undefined || flags.some(flag => PROFILING.test(flag))
}

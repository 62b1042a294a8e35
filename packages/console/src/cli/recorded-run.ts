import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { notesOf } from '../api/notes.js'
import { SampledTraces } from '../api/sampled-traces.js'
import { startConsole } from '../console.js'
import { counted } from '../diagnose/figures.js'
import type { Trace } from '../model.js'
import type { Store } from '../store/store.js'
import { type Ending, runChild } from './child.js'
import { attached } from './recorder.js'

/** Of each route: a test of a suite is rarely one of more that ask the same. */
const perRoute = 2_000
/** 200 MB; a suite of 1,000 requests with 20 statements each has a tenth of it. */
const mostSpans = 200_000
/** A suite that ends waits so long for its last telemetry: the recorder's most. */
const exitMs = 10_000

/** What a command did while it was recorded. */
export interface RecordedRun {
  readonly ending: Ending
  readonly traces: readonly Trace[]
  /** What did not arrive or was not looked at, in sentences. */
  readonly notes: readonly string[]
}

/**
 * Runs a command with the recorder attached, all of its requests kept. The console is this process's own,
 * on a free port of loopback, behind a token that only the command is given; its store goes at the end.
 */
export async function recordedRun(
  command: readonly string[],
  output: 'stdout' | 'stderr',
): Promise<RecordedRun> {
  const environment = attached(process.env, process.cwd())
  const folder = mkdtempSync(join(tmpdir(), 'hotpath-check-'))
  try {
    const token = randomBytes(16).toString('hex')
    const running = await startConsole({ directory: folder, host: '127.0.0.1', port: 0, token })
    try {
      const env = {
        ...environment,
        HOTPATH_ENDPOINT: running.url,
        HOTPATH_HEADERS: `authorization=${encodeURIComponent(`Bearer ${token}`)}`,
        HOTPATH_PROTOCOL: 'http/json',
        HOTPATH_MODE: 'check',
        HOTPATH_EXIT_MS: String(exitMs),
      }
      const ending = await runChild(command, env, output)
      return { ending, ...(await recorded(running.store)) }
    } finally {
      await running.close()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function recorded(store: Store): Promise<Omit<RecordedRun, 'ending'>> {
  const all = { sinceMs: 0 }
  const sample = await store.sample(all, perRoute)
  const traces = await new SampledTraces(store, mostSpans).of(sample)
  const { traces: stored } = await store.status()
  const left = stored - traces.length
  return {
    traces,
    notes: [
      ...(await notesOf(store, all)),
      ...(left > 0 ? [`${counted(left, 'trace')} of ${stored} were not looked at: too many.`] : []),
    ],
  }
}

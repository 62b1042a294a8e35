import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { treeCpuUs } from '../measure/cpu.js'
import { interleave, type Round } from '../measure/interleave.js'
import { say } from '../results.js'
import { type Estimate, ratioOf } from '../statistics/interval.js'
import { Child } from './child.js'
import type { Sending, Sent } from './sender.js'

export const senders = ['protobuf', 'json', 'recorder'] as const
type Arm = (typeof senders)[number] | 'appender' | 'appenderAgain'

interface Taken {
  readonly spansPerSecond: number
  readonly cpuUsPerSpan: number
}

export interface IngestSetting {
  readonly directory: string
  /** How often console, senders and files are made anew: rates fall with the size of a file. */
  readonly lives: number
  readonly roundsPerLife: number
  readonly blockMs: number
  readonly random: () => number
}

export interface IngestResult {
  readonly arm: Arm
  readonly spansPerSecond: Estimate
  readonly cpuUsPerSpan: Estimate
  /** Beside the appender's rate of the same round. */
  readonly vsAppender: Estimate
}

/** As many processes that export, each with one request under way, as SDKs do. */
const connections = 16

/** Spans per second from bytes to acknowledged rows, by sender, interleaved with the bare appender. */
export async function ingest(setting: IngestSetting): Promise<IngestResult[]> {
  const rounds: Round<Arm, Taken>[] = []
  for (let life = 0; life < setting.lives; life++) {
    say(`intake: life ${life + 1} of ${setting.lives}`)
    rounds.push(...(await live(setting, life)))
  }
  const arms: readonly Arm[] = [...senders, 'appender', 'appenderAgain']
  const all = (figure: (round: Round<Arm, Taken>) => number): Estimate =>
    ratioOf(rounds.map(figure))
  return arms.map(arm => ({
    arm,
    spansPerSecond: all(round => round[arm].spansPerSecond),
    cpuUsPerSpan: all(round => round[arm].cpuUsPerSpan),
    vsAppender: all(round => round[arm].spansPerSecond / round.appender.spansPerSecond),
  }))
}

async function live(setting: IngestSetting, life: number): Promise<Round<Arm, Taken>[]> {
  const directory = join(setting.directory, `life-${life}`)
  mkdirSync(directory, { recursive: true })
  const yardstick = new Child('appender.js')
  const sender = new Child('sender.js')
  const console_ = new Child('console.js')
  try {
    // The yardstick's rows are what a console of its own made of the same traffic.
    const store = await rowsOf(directory, sender, setting.random)
    await yardstick.ask({ store })
    const { port } = await console_.ask<{ port: number }>({ directory })
    const send = (as: Sending['as']) => async (): Promise<Taken> => {
      const seed = Math.floor(setting.random() * 2 ** 31)
      const sending: Sending = { port, as, connections, ms: setting.blockMs, seed }
      await sender.ask({ prepare: sending })
      return acknowledged(console_, sender, sending, port)
    }
    const append = async (): Promise<Taken> => {
      const before = treeCpuUs(yardstick.pid)
      const sent = await yardstick.ask<Sent>({ ms: setting.blockMs, directory })
      return rates(sent, treeCpuUs(yardstick.pid) - before)
    }
    const arms = {
      protobuf: send('protobuf'),
      json: send('json'),
      recorder: send('recorder'),
      appender: append,
      appenderAgain: append,
    }
    await interleave(arms, 1, setting.random)
    return await interleave(arms, setting.roundsPerLife, setting.random)
  } finally {
    await Promise.all([yardstick.stop(), sender.stop(), console_.stop()])
    rmSync(directory, { recursive: true, force: true })
  }
}

const rates = ({ spans, elapsedMs }: Sent, cpuUs: number): Taken => ({
  spansPerSecond: (spans / elapsedMs) * 1_000,
  cpuUsPerSpan: cpuUs / spans,
})

/** Sends a block, and checks that the console counted what was acknowledged: no more, no less. */
async function acknowledged(
  console_: Child,
  sender: Child,
  sending: Sending,
  port: number,
): Promise<Taken> {
  const spansBefore = await countedSpans(port)
  const cpuBefore = treeCpuUs(console_.pid)
  const sent = await sender.ask<Sent>({ send: sending })
  const cpuUs = treeCpuUs(console_.pid) - cpuBefore
  const counted = (await countedSpans(port)) - spansBefore
  if (counted !== sent.spans)
    throw new Error(`${sent.spans} spans were acknowledged, but the console counted ${counted}`)
  return rates(sent, cpuUs)
}

async function countedSpans(port: number): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/api/status`)
  const { intake } = (await response.json()) as { intake: { spans: number } }
  return intake.spans
}

/** A store with some spans of an SDK, closed. */
async function rowsOf(directory: string, sender: Child, random: () => number): Promise<string> {
  const folder = join(directory, 'rows')
  mkdirSync(folder)
  const console_ = new Child('console.js')
  const { port } = await console_.ask<{ port: number }>({ directory: folder })
  const seed = Math.floor(random() * 2 ** 31)
  const sending: Sending = { port, as: 'protobuf', connections: 1, ms: 800, seed }
  await sender.ask({ prepare: sending })
  await sender.ask({ send: sending })
  await console_.stop()
  return join(folder, '.hotpath', 'store.duckdb')
}

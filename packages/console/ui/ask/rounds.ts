import type { ClockAnswer } from '../../src/api/answers.js'
import { ask } from './ask.js'
import { held } from './hold.js'

/**
 * The clock of a view. What it asks about the time up to now (`since=15m`) it asks in rounds: a round
 * begins with what the console's clock says, and all its questions are about the window that ends then.
 * So all panels speak of the same requests, whenever each of them asks. The next round begins when all
 * have answered and rested.
 */
export interface Round {
  /** The end of all its windows, ISO 8601; rejects with an `AskError` when the console did not say. */
  readonly until: Promise<string>
}

/** Asks a question in each round. */
export interface Member {
  askIn(round: Round): void
}

/** How often live answers are renewed. */
export const everyMs = 5_000
/** Answers rest four times as long as the slowest took, so that a page left open costs the console a
 *  fifth of one processor at most. */
export const restFactor = 4
/** While something is held, whether it still is. */
const heldMs = 500

const members = new Set<Member>()
/** Of the members, those that have not answered in this round. */
const asked = new Set<Member>()
let round: Round | undefined
let slowestMs = 0
/** When the next round may begin, once all have answered. */
let dueMs = 0
let timer: ReturnType<typeof setTimeout> | undefined

document.addEventListener('visibilitychange', () => {
  if (!document.hidden && performance.now() >= dueMs) tick()
})

/** Takes part in this round, unless it was `heard` already, and in all that come; returns what ends that. */
export function takePart(member: Member, heard: Round | undefined): () => void {
  members.add(member)
  if (thisRound() !== heard) askAgain(member)
  return () => {
    members.delete(member)
    answered(member, 0)
  }
}

/** Asks one member's question once more in the round under way. */
export function askAgain(member: Member): void {
  const now = thisRound()
  if (!asked.has(member)) askIn(now, member)
}

/** The round under way; one that could not learn the time, or is due to end, makes place for the next. */
export function thisRound(): Round {
  const over = asked.size === 0 && performance.now() >= dueMs && !held()
  return round === undefined || over ? begin() : round
}

/** A member has its answer, or knows that it gets none, after `tookMs`. */
export function answered(member: Member, tookMs: number): void {
  if (!asked.delete(member)) return
  slowestMs = Math.max(slowestMs, tookMs)
  if (asked.size === 0) later(Math.max(everyMs, slowestMs * restFactor))
}

function begin(): Round {
  clearTimeout(timer)
  slowestMs = 0
  dueMs = performance.now() + everyMs
  const begun: Round = { until: consoleTime() }
  round = begun
  begun.until.catch(() => {
    if (round === begun) round = undefined
  })
  for (const member of members) askIn(begun, member)
  return begun
}

function askIn(now: Round, member: Member): void {
  asked.add(member)
  member.askIn(now)
}

async function consoleTime(): Promise<string> {
  const { nowMs } = await ask<ClockAnswer>('clock', new AbortController().signal)
  return new Date(nowMs).toISOString()
}

function later(ms: number): void {
  dueMs = performance.now() + ms
  clearTimeout(timer)
  timer = setTimeout(tick, ms)
}

function tick(): void {
  // A page that nobody sees asks nothing; it does when it is looked at again.
  if (document.hidden || members.size === 0 || asked.size > 0) return
  if (held()) later(heldMs)
  else begin()
}

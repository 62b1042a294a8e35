import type { AlertRule } from '../config/alerts.js'
import type { Finding } from '../model.js'
import type { Store, Window } from '../store/store.js'
import { announce, emptyBook } from './announce.js'
import { Delivery } from './delivery.js'
import { type Lane, lanesOf, windowMsOf } from './lane.js'
import { advance, afterGap, type AlertState, inactive } from './machine.js'
import type { AlertEvent } from './message.js'
import type { Notifier } from './notify/notifier.js'
import { Outbox, type Receipt } from './outbox.js'
import { Past } from './past.js'
import { read } from './reading.js'
import { type Book, StateFile, type WatchState } from './state-file.js'
import { count, type Counted, noRequests } from './tally.js'

export interface WatcherOptions {
  readonly rules: readonly AlertRule[]
  readonly notifiers: readonly Notifier[]
  readonly store: Store
  /** The file that keeps states and undelivered messages. */
  readonly file: string
  /** Where people open the console. */
  readonly url: string
  /** The only clock: milliseconds since 1970. */
  readonly now: () => number
  /** What makes a service slow, the dearest first, for messages. */
  readonly findings: (window: Window) => Promise<readonly Finding[]>
  /** For jitter; 0 to 1. */
  readonly random?: () => number
  /** How long a receiver may take to answer; 15 s by default. */
  readonly patienceMs?: number
}

/** One alert as it stands. */
export interface WatchedAlert {
  readonly rule: AlertRule
  readonly service: string | null
  readonly route: string | null
  readonly state: AlertState | undefined
  readonly deliveries: Readonly<Record<string, Receipt>>
}

/**
 * Watches the rules: reads the steps that are complete, moves each alert through its states, and puts
 * what is to be told into the outbox. It does nothing by itself: `tick` and `deliver` are called, by
 * timers in the console and by tests at times of their own. What it decides depends on the stored
 * telemetry and its file alone.
 */
export class Watcher {
  readonly #options: WatcherOptions
  readonly #file: StateFile
  readonly #lanes: readonly Lane[]
  readonly #past: Past | undefined
  readonly #alerts: Map<string, Map<string, AlertState>>
  readonly #books: Map<string, Book>
  readonly #outbox: Outbox
  readonly #delivery: Delivery
  readonly #damaged: boolean
  #leftOut = 0
  #ticking: Promise<void> | undefined

  private constructor(
    options: WatcherOptions,
    file: StateFile,
    state?: WatchState,
    damaged = false,
  ) {
    const { rules, notifiers, store, now, random = Math.random } = options
    this.#options = options
    this.#file = file
    this.#damaged = damaged
    this.#lanes = lanesOf(rules, state?.lanes ?? {})
    this.#past = rules.some(rule => rule.bound === 'unusual') ? new Past(store) : undefined
    this.#alerts = new Map(
      Object.entries(state?.alerts ?? {}).map(([rule, states]) => [
        rule,
        new Map(Object.entries(states)),
      ]),
    )
    this.#books = new Map(Object.entries(state?.books ?? {}))
    const names = notifiers.map(({ name }) => name)
    this.#outbox = new Outbox(names, state?.outbox, random)
    this.#delivery = new Delivery(
      notifiers,
      this.#outbox,
      now,
      () => this.#save(),
      options.patienceMs,
    )
  }

  /** Goes on where the file says that the last one stopped. Throws when the file cannot be read. */
  static async open(options: WatcherOptions): Promise<Watcher> {
    const file = new StateFile(options.file)
    const { state, damaged } = await file.read()
    return new Watcher(options, file, state, damaged)
  }

  /** Judges what is complete by now. Calls while one is under way share it. */
  tick(): Promise<void> {
    this.#ticking ??= this.#judge().finally(() => (this.#ticking = undefined))
    return this.#ticking
  }

  /** Sends what is due, for all notifiers at the same time; resolves when the attempts are over. */
  deliver(): Promise<void> {
    return this.#delivery.attempt()
  }

  /** Every alert that a rule watches; a rule that saw no traffic has one without a state. */
  alerts(): WatchedAlert[] {
    return this.#options.rules.flatMap((rule): WatchedAlert[] => {
      const deliveries = this.#outbox.receiptsOf(this.#books.get(rule.name)?.lastMessage ?? '')
      const states = [...(this.#alerts.get(rule.name) ?? [])]
      if (states.length === 0)
        return [
          { rule, service: rule.service, route: rule.route, state: undefined, deliveries: {} },
        ]
      return states.map(([key, state]) => {
        const told = state.state === 'firing' || state.state === 'resolved'
        return { rule, ...placeOf(key), state, deliveries: told ? deliveries : {} }
      })
    })
  }

  /** What does not work, in sentences. */
  notes(): string[] {
    const { givenUp } = this.#outbox
    const { file, notifiers } = this.#options
    return [
      ...(this.#damaged
        ? [`What was known of alerts could not be read; it lies in ${file}.damaged.`]
        : []),
      ...(givenUp > 0 ? [`Messages of alerts that were given up: ${givenUp}.`] : []),
      ...(this.#leftOut > 0
        ? [`Routes that alerts do not watch, since there are over 1,000: ${this.#leftOut}.`]
        : []),
      ...notifiers.flatMap(({ name }) => {
        const [first] = this.#outbox.waiting(name)
        if (first === undefined || first.tries === 0) return []
        return [
          `The notifier ${name} does not take messages (${first.tries} tries, last: ${first.error}).`,
        ]
      }),
    ]
  }

  /** Breaks off what is being sent: it goes again at the next start. */
  async close(): Promise<void> {
    await this.#delivery.close()
    await this.#ticking?.catch(() => undefined)
    await this.#save()
  }

  async #judge(): Promise<void> {
    const nowMs = this.#options.now()
    await this.#past?.learn(nowMs)
    for (const lane of this.#lanes)
      for (const { endMs, gap } of lane.due(nowMs)) {
        const counted = await this.#count(lane, endMs)
        for (const rule of lane.rules) {
          const window = counted.get(windowMsOf(rule))
          if (window !== undefined) this.#watch(rule, window, endMs, gap)
        }
        lane.lastMs = endMs
      }
    this.#removeForeign(nowMs)
    // A rule that is gone is told of once more.
    const gone = [...this.#books.values()].flatMap(({ rule }) => rule ?? [])
    const names = new Set(this.#options.rules.map(({ name }) => name))
    const rules = [...this.#options.rules, ...gone.filter(({ name }) => !names.has(name))]
    await Promise.all(rules.map(rule => this.#tell(rule, nowMs)))
    for (const [name, { untold }] of this.#books)
      if (!names.has(name) && untold.length === 0) this.#books.delete(name)
    await this.#save()
  }

  /** The requests of each window that a rule of the lane looks at, by its length. */
  async #count(lane: Lane, untilMs: number): Promise<ReadonlyMap<number, Counted>> {
    const counted = new Map<number, Counted>()
    for (const windowMs of new Set(lane.rules.map(windowMsOf))) {
      const window = { sinceMs: untilMs - windowMs, untilMs }
      const series = await this.#options.store.series('http.server.request.duration', window)
      counted.set(windowMs, count(series))
    }
    return counted
  }

  /** Moves all alerts of a rule by one step. */
  #watch(rule: AlertRule, window: Counted, atMs: number, gap: boolean): void {
    const states = this.#alerts.get(rule.name) ?? new Map<string, AlertState>()
    this.#alerts.set(rule.name, states)
    if (gap) for (const [key, state] of states) states.set(key, afterGap(state, atMs))
    this.#leftOut = window.leftOut
    const tallies = window[rule.each]
    for (const key of new Set([...states.keys(), ...tallies.keys()])) {
      if (!isMeant(rule, placeOf(key))) continue
      const tally = tallies.get(key) ?? noRequests
      const before = states.get(key)
      const usual = this.#past?.usual(key, (before?.beganMs ?? atMs) - windowMsOf(rule))
      const reading = read(rule, tally, usual)
      const { after, event } = advance(before ?? inactive(reading, atMs), reading, atMs, rule.forMs)
      if (event !== undefined) {
        const beganMs = before?.beganMs ?? atMs
        this.#note(rule.name, { ...placeOf(key), kind: event, beganMs, atMs, ...figures(after) })
      }
      if (after.state === 'inactive' && tally.count === 0) states.delete(key)
      else states.set(key, after)
    }
  }

  /** Ends what fires for a rule that is not in the config any more, or not for that place. */
  #removeForeign(nowMs: number): void {
    for (const [name, states] of this.#alerts) {
      const rule = this.#options.rules.find(one => one.name === name)
      for (const [key, state] of states) {
        if (rule !== undefined && isMeant(rule, placeOf(key))) continue
        states.delete(key)
        if (state.state !== 'firing') continue
        const beganMs = state.beganMs ?? nowMs
        const event = { ...placeOf(key), kind: 'removed', beganMs, atMs: nowMs } as const
        this.#note(name, { ...event, ...figures(state) })
      }
      if (rule === undefined) this.#alerts.delete(name)
    }
  }

  #note(rule: string, event: AlertEvent): void {
    const book = this.#books.get(rule) ?? emptyBook
    this.#books.set(rule, { ...book, untold: [...book.untold, event] })
  }

  async #tell(rule: AlertRule, nowMs: number): Promise<void> {
    const firing = [...(this.#alerts.get(rule.name) ?? [])]
      .filter(([, { state }]) => state === 'firing')
      .map(([key, state]): AlertEvent => {
        const [beganMs, atMs] = [state.beganMs ?? nowMs, nowMs]
        return { ...placeOf(key), kind: 'firing', beganMs, atMs, ...figures(state) }
      })
    const book = this.#books.get(rule.name) ?? emptyBook
    const { url, findings } = this.#options
    const told = await announce({ rule, book, firing, nowMs, url, findings })
    this.#books.set(rule.name, told.book)
    for (const message of told.messages) this.#outbox.add(message, rule.notify, nowMs)
  }

  #save(): Promise<void> {
    const alerts = [...this.#alerts].map(([rule, states]) => {
      const lively = [...states].filter(([, { state }]) => state !== 'inactive')
      return [rule, Object.fromEntries(lively)] as const
    })
    const isIdle = alerts.every(([, states]) => Object.keys(states).length === 0)
    return this.#file.write({
      version: 1,
      // While nothing is pending or fires there is nothing to go on with: no write every ten seconds.
      lanes: isIdle
        ? {}
        : Object.fromEntries(
            this.#lanes.flatMap(({ stepMs, lastMs }) =>
              lastMs === undefined ? [] : [[stepMs, lastMs]],
            ),
          ),
      alerts: Object.fromEntries(alerts),
      books: Object.fromEntries(this.#books),
      outbox: this.#outbox.state(),
    })
  }
}

const figures = ({ last }: AlertState) => ({
  value: last.value,
  bound: last.bound,
  usual: last.usual,
  requests: last.requests,
})

interface Place {
  readonly service: string
  readonly route: string | null
}

function placeOf(key: string): Place {
  const [service = '', route = null] = JSON.parse(key) as string[]
  return { service, route }
}

function isMeant(rule: AlertRule, { service, route }: Place): boolean {
  if ((route === null) !== (rule.each === 'service')) return false
  return (
    (rule.service === null || rule.service === service) &&
    (rule.route === null || rule.route === route)
  )
}

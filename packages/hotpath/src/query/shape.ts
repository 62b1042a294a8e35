import { clock } from '../clock.js'
import { Lifter } from '../sql/lift.js'
import { templateOf } from '../sql/template.js'
import { Memo } from '../sql/memo.js'
import { ownText } from '../sql/own-text.js'
import { type Reading, readStatement } from '../sql/reading.js'
import { type Touches, touchesOf } from '../sql/touches.js'
import type { Parse } from '../sql/syntax.js'
import { effectOf, type SessionEffect } from './effect.js'

let lastId = 0

/** A statement without its parameters' values: what a loop repeats. */
export class Shape {
  readonly id = ++lastId
  /** Times that it was met. */
  seen = 0
  reading: Reading | undefined
  /** Its answers are kept across requests; undefined: not known yet. */
  cached: boolean | undefined = undefined
  /** Some route has shown where its parameters come from. */
  learned = false
  /** Why it is switched off; '' while it is not. */
  private off = ''
  private offUntilMs = Infinity
  /** Running mean of what one call takes, ms; 0: not known. */
  singleMs = 0
  /** Batches in a row that failed. */
  failed = 0
  /** Batches in a row that took longer than their singles would have. */
  slow = 0
  private touched: Touches | undefined
  /** What a text without data of its own is split into. */
  readonly whole: Shaped = { shape: this, lifted: undefined }

  constructor(
    readonly text: string,
    readonly effect: SessionEffect,
    private readonly parse: Parse,
  ) {}

  /** Parsed at its second call: a text that is never met again is not worth 30 us. */
  read(): Reading | undefined {
    if (this.reading === undefined && this.seen >= 2) {
      this.reading = readStatement(this.text, this.parse)
    }
    return this.reading
  }

  /** The same at its first call, where something depends on it. */
  readNow(): Reading {
    this.reading ??= readStatement(this.text, this.parse)
    return this.reading
  }

  /** What it reads and writes, as far as its words tell. */
  get touches(): Touches {
    this.touched ??= touchesOf(this.text, this.parse)
    return this.touched
  }

  /** The key of an answer among those of all shapes. */
  keyOf(params: string): string {
    return `${this.id} ${params}`
  }

  /** For people: without data. */
  get name(): string {
    return templateOf(this.text).text.slice(0, 120)
  }

  /** True when nothing in its text speaks against it, and it is not switched off. */
  get candidate(): boolean {
    if (this.off !== '' && clock.now() < this.offUntilMs) return false
    return this.read()?.reason === ''
  }

  /**
   * Switches it off, for good or for a while. True when that is news.
   *
   * @param forMs What was slow under load may be fast again.
   */
  switchOff(reason: string, forMs = Infinity): boolean {
    const news = this.off !== reason
    this.off = reason
    this.offUntilMs = clock.now() + forMs
    this.slow = 0
    this.failed = 0
    return news
  }

  /**
   * Whether the next call is timed. Of statements that were never batched one in eight: the clock costs
   * as much as half of what else is done for them.
   */
  get timesNext(): boolean {
    return this.singleMs === 0 || this.learned || this.seen % 8 === 0
  }

  took(ms: number): void {
    this.singleMs = this.singleMs === 0 ? ms : this.singleMs * 0.8 + ms * 0.2
  }
}

/** A text as it was called, split into its shape and the data that was in it. */
export interface Shaped {
  readonly shape: Shape
  /** Literals of the text; undefined: the parameters are those of the call. */
  readonly lifted: readonly string[] | undefined
}

/** The shapes of this process: 2,000 are more than an API has. */
export class Shapes {
  private readonly shapes = new Memo<Shape>({ entries: 2_000, bytes: 8_000_000 })
  private readonly lifter: Lifter

  constructor(private readonly parse: Parse) {
    this.lifter = new Lifter(parse)
  }

  /** The same object for the same statement, whatever its data. About 100 ns for a text with parameters. */
  of(text: string): Shaped {
    const known = this.shapes.get(text)
    if (known !== undefined) {
      known.seen++
      return known.whole
    }
    const lifted = this.lifter.lift(text)
    const shape = this.get(lifted?.text ?? text)
    shape.seen++
    return { shape, lifted: lifted?.values }
  }

  private get(text: string): Shape {
    const known = this.shapes.get(text)
    if (known !== undefined) return known
    const own = ownText(text)
    return this.shapes.set(own, new Shape(own, effectOf(own), this.parse), text.length * 4 + 1_000)
  }
}

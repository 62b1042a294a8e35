import { Kind } from './dialect.js'
import type { Tokens } from './scan.js'

/** An open parenthesis or bracket; the statement itself is the outermost. */
interface Frame {
  /** Items of this list that repeat are left out. */
  readonly folds: boolean
  /** A row of VALUES: compared as a whole with the row before it. */
  readonly row: boolean
  /** Hash of the items before the current one, and of the current one. */
  done: number
  item: number
  /** Hash of the last item, and of the last row of VALUES, if it had data in it; else 0. */
  last: number
  lastRow: number
  /** Data in the current item; in any item. */
  itemData: boolean
  data: boolean
  /** Where in `kept` the opening sign stands, and where the current item starts. */
  readonly opened: number
  start: number
  /** Rows of VALUES may follow, directly in this frame. */
  rows: boolean
}

/**
 * Shortens lists of data, so that their length does not make a new template:
 * `IN (?, ?, ?)` to `IN (?)`, `VALUES (?, ?), (?, ?)` to `VALUES (?, ?)`, `ARRAY[?, ?]` to `ARRAY[?]`.
 *
 * An item goes when it has data in it and the form of the item before it. Forms are compared by a
 * hash that grows with each token, so that nested lists cost no more than flat ones; two forms with
 * one hash (one in 2^32) would only hide an item. Returns the indexes of the tokens that stay.
 */
export function foldLists({ kinds, texts, data }: Tokens): number[] {
  const kept: number[] = []
  const frames: Frame[] = [newFrame(false, false, 0)]
  for (let at = 0; at < kinds.length; at++) {
    const frame = frames[frames.length - 1] as Frame
    const text = texts[at] as string
    const sign = kinds[at] === Kind.sign
    if (sign && (text === '(' || text === '[')) {
      kept.push(at)
      frames.push(opened(text, texts[at - 1] ?? '', frame, kept.length))
    } else if (sign && (text === ')' || text === ']')) {
      endItem(frame, kept)
      kept.push(at)
      if (frames.length > 1) frames.pop()
      close(frame, frames[frames.length - 1] as Frame, kept)
    } else if (sign && text === ',') {
      endItem(frame, kept)
      kept.push(at)
      frame.start = kept.length
    } else {
      if ((frame.folds || frame.row) && isNullItem(texts, at)) {
        data.number(at)
        kinds[at] = Kind.literal
        texts[at] = '?'
      }
      addToItem(frame, kinds[at] as Kind, texts[at] as string)
      frame.rows = kinds[at] === Kind.word && /^values$/i.test(text)
      if (frame.rows) frame.lastRow = 0
      kept.push(at)
    }
  }
  return kept
}

function newFrame(folds: boolean, row: boolean, start: number): Frame {
  return {
    folds,
    row,
    opened: start - 1,
    start,
    done: 1,
    item: 1,
    last: 0,
    lastRow: 0,
    itemData: false,
    data: false,
    rows: false,
  }
}

function opened(text: string, before: string, outer: Frame, start: number): Frame {
  if (text === '[') return newFrame(/^array$/i.test(before) || outer.folds, false, start)
  return newFrame(/^in$/i.test(before), outer.rows && /^(?:,|values)$/i.test(before), start)
}

/** NULL among the data of a list is data: which row comes first would else make a new template. */
function isNullItem(texts: string[], at: number): boolean {
  return (
    /^null$/i.test(texts[at] ?? '') &&
    /^[,([]$/.test(texts[at - 1] ?? '') &&
    /^[,)\]]$/.test(texts[at + 1] ?? '')
  )
}

function addToItem(frame: Frame, kind: Kind, text: string): void {
  const data = kind !== Kind.word && kind !== Kind.name && (kind !== Kind.sign || text === '?')
  if (data) frame.itemData = true
  frame.item = mix(frame.item, data ? 63 : hashOf(text))
}

/** At a comma or at the end of a list: the item stays, or goes together with the comma before it. */
function endItem(frame: Frame, kept: number[]): void {
  if (frame.folds && frame.itemData && frame.item === frame.last) {
    kept.length = frame.start - 1
  } else if (frame.item !== 1) {
    frame.done = mix(frame.done, frame.item)
    frame.last = frame.itemData ? frame.item : 0
  }
  frame.data ||= frame.itemData
  frame.item = 1
  frame.itemData = false
}

/** Hands the form of a closed list to the list around it; a row that repeats goes with its comma. */
function close(inner: Frame, outer: Frame, kept: number[]): void {
  if (inner.row && inner.data && inner.done === outer.lastRow) {
    kept.length = inner.opened - 1
    return
  }
  if (inner.row) outer.lastRow = inner.data ? inner.done : 0
  outer.item = mix(outer.item, inner.done)
  outer.itemData ||= inner.data
}

function hashOf(text: string): number {
  let hash = 7
  for (let at = 0; at < text.length; at++) hash = mix(hash, text.charCodeAt(at))
  return hash
}

/** One step of a multiplicative hash (Knuth's constant), never 0. */
function mix(hash: number, value: number): number {
  return (Math.imul(hash ^ value, 0x9e3779b1) ^ (hash >>> 15)) | 1
}

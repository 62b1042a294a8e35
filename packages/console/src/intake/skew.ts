import type { Placed } from './assemble.js'

/** Below 1 ms the clocks of two processes differ on one machine: moved, not worth a sentence. */
const worthSayingNs = 1_000_000

/** How far up to look for a process that was met before; further than any real chain of services. */
const furthest = 64

/**
 * Mends clocks that disagree. A span of another process cannot begin before the span that caused it;
 * where it seems to, its clock is behind. It is moved, with all that hangs below it in its process,
 * into the middle of its parent when it fits there (the way there and back took equally long, as
 * NTP assumes), else to the parent's start. Offsets may be negative until `assemble` starts them at 0.
 */
export function moveSkewed(roots: readonly Placed[], problems: string[]): void {
  const shifts = new Map<Placed, number>(roots.map(root => [root, 0]))
  const movedNs = new Map<string, number>()
  const stack = [...roots]
  for (let span = stack.pop(); span; span = stack.pop()) {
    for (const child of span.children) {
      const known = shiftAbove(child, shifts)
      const behindNs = sameClock(child, span) ? 0 : span.offsetNs - (child.offsetNs + known)
      const moveNs = behindNs <= 0 ? 0 : behindNs + roomBefore(child, span)
      child.offsetNs += known + moveNs
      shifts.set(child, known + moveNs)
      stack.push(child)
      if (moveNs > (movedNs.get(child.service) ?? 0)) movedNs.set(child.service, moveNs)
    }
  }
  for (const [service, ns] of movedNs)
    if (ns >= worthSayingNs)
      problems.push(
        `The clock of ${service} is about ${Math.round(ns / 1e6)} ms behind: its spans were moved.`,
      )
}

/** The shift of the nearest span above in the same process: one clock has one error. */
function shiftAbove(child: Placed, shifts: ReadonlyMap<Placed, number>): number {
  let above = child.parent
  for (let step = 0; above && step < furthest; step++, above = above.parent)
    if (sameClock(above, child)) return shifts.get(above) ?? 0
  return 0
}

function sameClock(a: Placed, b: Placed): boolean {
  return a.instance === b.instance && a.service === b.service
}

function roomBefore(child: Placed, parent: Placed): number {
  return Math.max(0, Math.floor((parent.durationNs - child.durationNs) / 2))
}

/** What a file needs at most: a shop with its database, a console with its store, a browser. */
const bytesOfFile = 1_000_000_000

/**
 * How many test files run at a time. A file computes for half of its time and waits for the rest, for servers
 * that start, pages that load, packages that come: so two lanes left a third of two cores idle. More than
 * eight would be in each other's way on the disk.
 *
 * @param cores What the process may use of them.
 * @param availableBytes Memory that can be had without swapping.
 */
export function laneCount(cores: number, availableBytes: number): number {
  const wanted = Math.min(8, Math.ceil(cores * 1.5))
  return Math.max(1, Math.min(wanted, Math.floor(availableBytes / bytesOfFile)))
}

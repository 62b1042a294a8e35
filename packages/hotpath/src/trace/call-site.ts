import module from 'node:module'

/** A place in the app's code as the engine tells it: of what runs, which need not be what was written. */
export interface CallSite {
  /** A path, or a `file:` URL for ES modules. */
  readonly file: string
  /** From 1 up. */
  readonly line: number
  /** From 1 up. */
  readonly column: number
  readonly function?: string
  /** The ORM or query builder that the app called here: `prisma`, `typeorm`, `sequelize`, `drizzle`, `knex`, `kysely`. */
  readonly orm?: string
  /** True when file and line are those of the source already. */
  readonly mapped: boolean
  /** The file of its source map, where that is not the file's own to say. */
  readonly map?: string
}

let mapOf: ((file: string) => string | undefined) | undefined

/** From now on a loader that keeps maps in files of its own is asked for that of each place. */
export function askForMaps(find: (file: string) => string | undefined): void {
  mapOf = find
}

/** Most calls come from the app directly; an ORM puts ten to twenty frames between it and the driver. */
const FEW_FRAMES = 8
const MAX_FRAMES = 40
/** Compiled in memory by a loader, so that the file holds something else than what runs. */
const TRANSPILED = /\.(?:[cm]?tsx?|jsx)$/
/** A function takes the name of the key it is stored under, which may be an e-mail address or an id. */
const IDENTIFIER =
  /^(?:[gs]et )?#?[\p{ID_Start}$_][\p{ID_Continue}$]*(?:\.#?[\p{ID_Start}$_][\p{ID_Continue}$]*){0,4}$/u
/** All that lies beside us, `dist/` with its folders or `dist/bundle/`, is ours, wherever it is installed. */
const OWN = ownFolder(import.meta.url)

/**
 * The first frame of the app's own code that led here: not Node's, not of `node_modules`, not ours;
 * through `await` too. Undefined when there is none among the first 40. The cost is that of the frames:
 * 5 to 8 us, and three times that behind an ORM.
 *
 * The app's `Error.prepareStackTrace` and `Error.stackTraceLimit` are as before when it returns.
 */
export function captureCallSite(): CallSite | undefined {
  let frames = captureFrames(captureCallSite, FEW_FRAMES)
  let frame = appFrame(frames)
  if (frame === undefined && frames.length === FEW_FRAMES) {
    frames = captureFrames(captureCallSite, MAX_FRAMES)
    frame = appFrame(frames)
  }
  if (frame === undefined) return undefined
  const orm = ormBelow(frames.slice(0, frames.indexOf(frame)))
  const file = frame.getFileName() as string
  const line = frame.getLineNumber() ?? 1
  const column = frame.getColumnNumber() ?? 1
  return siteAt(file, line, column, frame.getFunctionName(), orm)
}

/** A place of the app by its file and its function's name; undefined where the file is not the app's. */
export function placeOf(
  file: string,
  line: number,
  column: number,
  name: string,
): CallSite | undefined {
  if (file.startsWith('wasm:') || !isAppFile(file)) return undefined
  return siteAt(file, line, column, name, undefined)
}

function siteAt(
  file: string,
  line: number,
  column: number,
  name: string | null,
  orm: string | undefined,
): CallSite {
  const named = name !== null && IDENTIFIER.test(name) && !/\d{5}/.test(name)
  const map = mapOf?.(file)
  const site = {
    file,
    line,
    column,
    mapped: false,
    ...(named ? { function: name } : {}),
    ...(orm === undefined ? {} : { orm }),
    ...(map === undefined ? {} : { map }),
  }
  if (map !== undefined) return site
  return TRANSPILED.test(file) ? mappedInMemory(site) : site
}

const ORM =
  /[\\/]node_modules[\\/](?:@(prisma)[\\/]client|(typeorm|sequelize|drizzle|knex|kysely)(?:-orm)?)[\\/]/

/** The outermost of them: what the app itself called. */
function ormBelow(frames: readonly NodeJS.CallSite[]): string | undefined {
  for (const frame of frames.toReversed()) {
    const [, prisma, other] = ORM.exec(frame.getFileName() ?? '') ?? []
    if (prisma !== undefined || other !== undefined) return prisma ?? other
  }
  return undefined
}

/** The first frame of the app's own code in a stack that is text already. */
export function appPlace(stack: string): CallSite | undefined {
  for (const frame of stack.split('\n')) {
    const [, file, line, column] =
      /^\s+at (?:async )?(?:.* \()?(.+):(\d+):(\d+)\)?$/.exec(frame) ?? []
    if (file === undefined || !isAppFile(file)) continue
    return { file, line: Number(line), column: Number(column), mapped: false }
  }
  return undefined
}

/**
 * The scripts that led here, the innermost first, as paths, `file:` URLs or what a bundler named them
 * (`webpack-internal:///./node_modules/a/b.js`); of code without a file also where it was evaluated.
 * Without ours and Node's.
 */
export function callingFiles(): string[] {
  const files = captureFrames(callingFiles, FEW_FRAMES).flatMap(frame => [
    frame.getFileName() ?? frame.getScriptNameOrSourceURL(),
    /\(([^()]+):\d+:\d+\)/.exec(frame.getEvalOrigin() ?? '')?.[1],
  ])
  const foreign = files.filter(
    (file): file is string => typeof file === 'string' && /[\\/]/.test(file) && !isOwn(file),
  )
  return [...new Set(foreign)]
}

/** Whether a frame with this file name can be the app's. */
function isAppFile(file: string): boolean {
  if (file.startsWith('node:') || !/[\\/]/.test(file)) return false
  return !/[\\/]node_modules[\\/]/.test(file) && !isOwn(file)
}

function isOwn(file: string): boolean {
  return file.replaceAll('\\', '/').includes(OWN)
}

function captureFrames(
  above: (...args: never[]) => unknown,
  limitTo: number,
): readonly NodeJS.CallSite[] {
  const holder: { stack?: unknown } = {}
  const prepare = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')
  const limit = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit')
  try {
    if (!Object.isExtensible(Error)) return []
    define('prepareStackTrace', (_: unknown, frames: NodeJS.CallSite[]) => frames)
    define('stackTraceLimit', limitTo)
    Error.captureStackTrace(holder, above)
    return Array.isArray(holder.stack) ? (holder.stack as NodeJS.CallSite[]) : []
  } finally {
    restore('prepareStackTrace', prepare)
    restore('stackTraceLimit', limit)
  }
}

function define(name: string, value: unknown): void {
  Object.defineProperty(Error, name, {
    value,
    writable: true,
    configurable: true,
    enumerable: true,
  })
}

function restore(name: string, before: PropertyDescriptor | undefined): void {
  if (before === undefined) Reflect.deleteProperty(Error, name)
  else Object.defineProperty(Error, name, before)
}

function appFrame(frames: readonly NodeJS.CallSite[]): NodeJS.CallSite | undefined {
  return frames.find(frame => {
    const file = frame.getFileName()
    return typeof file === 'string' && isAppFile(file)
  })
}

/**
 * tsx and its like register their maps with Node; those are in this process only. Maps on disk are
 * left to the worker: to parse one can take 100 ms.
 */
function mappedInMemory(site: CallSite): CallSite {
  const entry = module.findSourceMap(site.file)?.findEntry(site.line - 1, site.column - 1)
  if (entry === undefined || !('originalLine' in entry)) return site
  const { originalSource, originalLine, originalColumn } = entry
  if (typeof originalSource !== 'string') return site
  const file = originalSource === '' || !/[\\/]/.test(originalSource) ? site.file : originalSource
  return { ...site, file, line: originalLine + 1, column: originalColumn + 1, mapped: true }
}

/** `/app/node_modules/hotpath/dist/` of `file:///app/node_modules/hotpath/dist/bundle/register.js`. */
function ownFolder(url: string): string {
  const path = decodeURI(url).replace('file://', '')
  const at = Math.max(path.lastIndexOf('/bundle/'), path.lastIndexOf('/trace/'))
  return at < 0 ? path : path.slice(0, at + 1)
}

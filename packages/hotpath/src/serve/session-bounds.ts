import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2'

/** Calls `run` after so long, unless what it returns is called before. */
export type After = (ms: number, run: () => void) => () => void

export interface SessionTimes {
  /** For the first request of a connection to arrive. */
  readonly headersMs: number | undefined
  /** For a whole request to arrive. */
  readonly requestMs: number | undefined
  /** Without a request under way. */
  readonly keepAliveMs: number | undefined
}

const nothing = (): void => {}

/**
 * Slow clients of HTTP/2, for whom Node has no times but one of silence, which any frame ends: a connection
 * whose first head does not arrive, one that asks for nothing more, and a body that does not end. While a head
 * arrives, nghttp2 takes nothing else of its connection, so it is bounded as one that asks for nothing.
 */
export class SessionBounds {
  constructor(
    private readonly times: SessionTimes,
    private readonly after: After,
  ) {}

  watch(session: ServerHttp2Session): void {
    const { headersMs, requestMs, keepAliveMs } = this.times
    if ((headersMs ?? requestMs ?? keepAliveMs) === undefined) return
    const idle = (ms: number | undefined): (() => void) =>
      // Its client is told which of its requests were not looked at, and may send them elsewhere.
      ms === undefined ? nothing : this.after(ms, () => session.destroy())
    let underWay = 0
    let cancel = idle(headersMs)
    session.on('stream', (stream: ServerHttp2Stream) => {
      underWay++
      cancel()
      const arrived = this.#bound(stream)
      stream.once('close', () => {
        arrived()
        if (--underWay === 0 && !session.destroyed) cancel = idle(keepAliveMs)
      })
    })
    session.once('close', () => cancel())
  }

  /** What does not arrive is given up as if its client had: the app hears of that. Returns what ends the wait. */
  #bound(stream: ServerHttp2Stream): () => void {
    const { requestMs } = this.times
    if (requestMs === undefined || stream.endAfterHeaders) return nothing
    return this.after(requestMs, () => {
      if (!stream.destroyed && stream.state.remoteClose !== 1) stream.close(CANCEL)
    })
  }
}

/** NGHTTP2_CANCEL: RFC 9113, 7. */
const CANCEL = 8

import type { ErrorRequestHandler, RequestHandler } from 'express'

/** An answer that is not what the caller hoped for, with its status. */
export class HttpError extends Error {
  constructor(
    readonly statusCode: number,
    message: string,
  ) {
    super(message)
  }
}

/** 404 for every path that no router knows. */
export const answerNotFound: RequestHandler = (req, res) => {
  res.status(404).json({ error: `no such path: ${req.method} ${req.path}` })
}

/** The last handler: tells the caller what was wrong with the request, and no one else's secrets. */
export const answerError: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  if (res.headersSent) {
    next(error)
    return
  }
  if (error instanceof HttpError) {
    res.status(error.statusCode).json({ error: error.message })
    return
  }
  const statusCode = clientFault(error)
  if (statusCode === undefined) {
    console.error(error)
    res.status(500).json({ error: 'something went wrong on our side' })
    return
  }
  res.status(statusCode).json({ error: 'the request could not be read' })
}

/** The 4xx status that Express gives to a request that it could not read, e.g. broken JSON. */
function clientFault(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('status' in error)) return undefined
  const { status } = error
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined
}

/** What came back, read to its end. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

type Body = Readonly<Record<string, unknown>> | readonly unknown[]

/** Talks to one application; what `headers` holds goes with every request. */
export class Client {
  readonly #base: string
  headers: Record<string, string> = {}
  /** What the seed wrote down for later: ids that the application gave. */
  readonly known: Record<string, string> = {}

  constructor(base: string) {
    this.#base = base
  }

  get(path: string): Promise<Answer> {
    return this.send('GET', path)
  }

  post(path: string, body: Body): Promise<Answer> {
    return this.send('POST', path, body)
  }

  async send(
    method: string,
    path: string,
    body?: Body,
    headers: Readonly<Record<string, string>> = this.headers,
  ): Promise<Answer> {
    const response = await fetch(this.#base + path, {
      method,
      headers: { ...headers, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
      redirect: 'manual',
    })
    return { status: response.status, headers: response.headers, text: await response.text() }
  }

  /** For data that must be there: what is refused ends the run, and says why. */
  async make(
    path: string,
    body: Body,
    method = 'POST',
    headers = this.headers,
  ): Promise<Record<string, unknown>> {
    const answer = await this.send(method, path, body, headers)
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`)
    return answer.text.startsWith('{') ? JSON.parse(answer.text) : {}
  }
}

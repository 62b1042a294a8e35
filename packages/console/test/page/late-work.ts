import { attributes, nowNs, resource, traces } from '../intake/requests.js'
import { post } from '../running.js'

const traceId = 'a'.repeat(32)

/** Sends a request of 60 ms whose mail is sent by a worker 4.2 s later: nothing runs in between. Its id. */
export async function sendLateWork(url: string): Promise<string> {
  const startNs = nowNs() - 20_000_000_000n
  const at = (ms: number): string => String(startNs + BigInt(ms * 1e6))
  const span = (
    n: number,
    parent: number,
    name: string,
    kind: number,
    from: number,
    to: number,
  ) => ({
    traceId,
    spanId: String(n).padStart(16, '0'),
    ...(parent === 0 ? {} : { parentSpanId: String(parent).padStart(16, '0') }),
    name,
    kind,
    startTimeUnixNano: at(from),
    endTimeUnixNano: at(to),
  })
  const request = { 'http.request.method': 'POST', 'http.route': '/orders' }
  const sql = (text: string) =>
    attributes({ 'db.system.name': 'postgresql', 'db.query.text': text })
  const spans = [
    {
      ...span(1, 0, 'POST /orders', 2, 0, 60),
      attributes: attributes({ ...request, 'http.response.status_code': 202 }),
    },
    { ...span(2, 1, 'INSERT orders', 3, 6, 44), attributes: sql('insert into orders values ($1)') },
    { ...span(3, 1, 'send mail.queue', 4, 46, 52) },
    { ...span(4, 3, 'process mail.queue', 5, 4260, 4340) },
    {
      ...span(5, 4, 'SELECT orders', 3, 4264, 4290),
      attributes: sql('select * from orders where id = $1'),
    },
    {
      ...span(6, 4, 'SELECT users', 3, 4292, 4300),
      attributes: sql('select * from users where id = $1'),
    },
  ]
  const { status } = await post(`${url}/v1/traces`, traces(spans, resource('shop')))
  if (status !== 200) throw new Error(`refused: ${status}`)
  return traceId
}

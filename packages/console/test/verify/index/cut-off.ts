import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'

/** Runs `work` with an address of the same database, by a way that ends where such a text goes along it. */
export async function withCutOff<T>(
  url: string,
  text: string,
  work: (url: string) => Promise<T>,
): Promise<T> {
  const to = new URL(url)
  const { port, hostname } = to
  const proxy = createServer(socket => {
    const way = connect(Number(port), hostname)
    way.pipe(socket)
    socket.on('data', chunk => {
      if (chunk.includes(text)) socket.destroy()
      else way.write(chunk)
    })
    for (const one of [socket, way]) one.on('error', () => {})
    socket.on('close', () => way.destroy())
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  to.port = String((proxy.address() as AddressInfo).port)
  try {
    return await work(to.href)
  } finally {
    proxy.close()
  }
}

// The yardstick: what a server that does nothing takes on this machine. node:http, the same bytes for every GET; a POST is read and
// written to Redis by one SET, which is as little as a durable answer can be. Runs as a process of its own (api-loader.ts).
import { createServer } from 'node:http'
import { Redis } from 'ioredis'

interface Bare {
  /** What every GET is answered with. */
  body: string
  redis: { host: string; port: number; username: string; password: string }
}

process.on('message', ({ body, redis: address }: Bare) => {
  const redis = new Redis(address)
  const bytes = Buffer.from(body)
  let count = 0
  const server = createServer((request, response) => {
    const answer = (status: number): void => {
      response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length })
      response.end(bytes)
    }
    if (request.method === 'GET') return answer(200)
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      // As long as a record is; few keys, so that the store stays as large as it was.
      count += 1
      redis.set(`bare:${count % 1_000}`, Buffer.concat([...parts, bytes])).then(
        () => answer(202),
        () => answer(503),
      )
    })
  })
  server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as { port: number }).port }))
})

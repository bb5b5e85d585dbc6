// A line to a server that breaks: each connection is cut after some bytes of the answers, until it has broken as often as was asked.
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface BreakingRelay {
  port: number
  breaks(): number
  /** Bytes that the server sent, also those that never arrived. */
  sentBytes(): number
  close(): Promise<void>
}

/** @param mostBytes a connection that breaks carries at most this   @param seed the same breaks again */
export async function createBreakingRelay(
  port: number,
  { times, mostBytes, seed }: { times: number; mostBytes: number; seed: number },
): Promise<BreakingRelay> {
  const sockets = new Set<Socket>()
  let breaks = 0
  let sent = 0
  let state = seed
  // A linear congruence, so that a failing run can be run again.
  const random = (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
  const server = createServer(client => {
    const upstream = connect(port, '127.0.0.1')
    let left = breaks < times ? 1 + Math.floor(random() * mostBytes) : Number.POSITIVE_INFINITY
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.pipe(upstream)
    upstream.on('data', (part: Buffer) => {
      sent += part.length
      if (part.length < left) {
        left -= part.length
        client.write(part)
        return
      }
      if (client.destroyed) return
      breaks += 1
      client.write(part.subarray(0, left - 1), () => client.resetAndDestroy())
      upstream.destroy()
    })
    upstream.on('end', () => client.end())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    breaks: () => breaks,
    sentBytes: () => sent,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>(resolve => server.close(() => resolve()))
    },
  }
}

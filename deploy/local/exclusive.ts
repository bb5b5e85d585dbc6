// One `up` or `down` at a time per home. The lease is an abstract Unix socket: the kernel frees it when its holder
// dies, so there is no stale file to judge.

import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { DeployError } from '../errors.ts'

export async function exclusively<T>(folder: string, act: () => Promise<T>, waitMs = 300_000): Promise<T> {
  const name = `\0trotline-${createHash('sha256').update(folder).digest('hex').slice(0, 32)}`
  const giveUpAt = Date.now() + waitMs
  let lease = await take(name)
  while (lease === undefined) {
    if (Date.now() > giveUpAt) {
      throw new DeployError('BUSY', `another process has been starting or stopping ${folder} for ${waitMs / 1000} s`)
    }
    await sleep(100)
    lease = await take(name)
  }
  const held = lease
  try {
    return await act()
  } finally {
    await new Promise(resolve => held.close(resolve))
  }
}

function take(name: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer(socket => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined)
      else reject(error)
    })
    server.listen(name, () => resolve(server))
  })
}

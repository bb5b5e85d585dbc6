// The processes beside the server: the one that asks, and the bare server that it is measured by.
import { type ChildProcess, fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RedisServer } from '../../deploy/local/redis.ts'
import type { Scene } from '../support/slurm-itself.ts'
import type { Answered, Load } from './api-load.ts'

export interface Loader {
  load(task: Load): Promise<Answered>
}

export function startLoader(scene: Scene): Loader {
  const child = start(scene, 'api-load.ts')
  return {
    async load(task) {
      child.send(task)
      const told = (await wordOf(child)) as { answered?: Answered; failed?: string }
      if (told.answered === undefined) throw new Error(`asking failed: ${told.failed}`)
      return told.answered
    },
  }
}

export interface BareServer {
  port: number
  pid: number
}

export async function startBareServer(scene: Scene, redis: RedisServer, body: string): Promise<BareServer> {
  const child = start(scene, 'api-bare-server.ts')
  const password = readFileSync(redis.store.passwordFile, 'utf8').trim()
  child.send({ body, redis: { host: redis.host, port: redis.port, username: redis.store.user, password } })
  const { port } = (await wordOf(child)) as { port: number }
  return { port, pid: child.pid ?? 0 }
}

function start(scene: Scene, file: string): ChildProcess {
  const child = fork(join(import.meta.dirname, file), { serialization: 'advanced' })
  scene.after(() => void child.kill())
  return child
}

function wordOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error(`${child.spawnargs.at(-1)} ended`))
    child.once('exit', ended)
    child.once('error', reject)
    child.once('message', word => {
      child.off('error', reject)
      child.off('exit', ended)
      resolve(word)
    })
  })
}

// Starts the server's process and asks it about itself. What it writes to stderr, and its end before it was told to end, are faults of it.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Answers, Question } from './server-process.ts'

export interface ServerProcess {
  port: number
  ask<Q extends Question>(question: Q): Promise<Answers[Q]>
  /** null: it runs. Otherwise how it ended, with its last words. */
  ended(): string | null
  /** What it wrote: of a server that is well, nothing. */
  written(): string
  close(): Promise<void>
}

const ROOT = join(import.meta.dirname, '../..')
const WORDS_KEPT = 8_000

export async function startServer(): Promise<ServerProcess> {
  const child = fork(join(import.meta.dirname, 'server-process.ts'), [], {
    cwd: ROOT,
    execArgv: ['--expose-gc', '--import', 'tsx', '--conditions=@trotline/source'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let words = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-WORDS_KEPT)
  })
  const waiting = new Map<number, { resolve: (answer: never) => void; reject: (error: Error) => void }>()
  let asked = 0
  let end: string | null = null
  child.once('exit', (code, signal) => {
    end = `it ended with ${signal ?? `exit code ${code}`}: ${words}`
    for (const { reject } of waiting.values()) reject(new Error(end))
  })
  const first = (await Promise.race([once(child, 'message'), once(child, 'exit').then(() => [null])])) as [
    { port: number } | null,
  ]
  if (first[0] === null) throw new Error(`the server did not start: ${words}`)
  child.on('message', ({ n, answer, error }: { n: number; answer: never; error?: string }) => {
    const one = waiting.get(n)
    waiting.delete(n)
    if (error === undefined) one?.resolve(answer)
    else one?.reject(new Error(error))
  })
  const server: ServerProcess = {
    port: first[0].port,
    ask: question =>
      new Promise((resolve, reject) => {
        if (end !== null) return reject(new Error(end))
        waiting.set(++asked, { resolve, reject })
        child.send({ n: asked, question })
      }),
    ended: () => end,
    written: () => words,
    async close() {
      if (end !== null) return
      await server.ask('close')
      const gone = once(child, 'exit')
      child.disconnect()
      await gone
    },
  }
  return server
}

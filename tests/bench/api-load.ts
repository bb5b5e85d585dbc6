// Asks a server over keep-alive connections as fast as it answers, or at a steady rate: raw HTTP/1.1 on sockets, one question at a
// time on each, because a client that parses more than it needs would be what limits. Runs as a process of its own (api-loader.ts).
import { randomUUID } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { pathToFileURL } from 'node:url'
import { createRandom } from './api-jobs.ts'
import { percentile } from './rounds.ts'

export interface Load {
  port: number
  connections: number
  seconds: number
  /** Due at this rate, however long answers take; null: the next one as soon as the last one is answered. */
  perSecond: number | null
  /** Whole requests, taken in any order; {key} is put in anew each time. */
  requests: readonly string[]
  seed: number
}

export interface Answered {
  answers: number
  seconds: number
  bytes: number
  /** From when a question was due to the last byte of its answer, in milliseconds. */
  p50: number
  p99: number
  most: number
  /** What came back instead of a success: how many, and the first few. */
  refused: number
  refusals: string[]
  /** Of this process. */
  cpuSeconds: number
}

const HEAD_END = Buffer.from('\r\n\r\n')
const MOST_REFUSALS = 3
/** A hang. */
const ANSWER_LIMIT_MS = 20_000

interface Line {
  socket: Socket
  dueMs: number
  asked: boolean
  /** Of the answer under way; null: its head is not whole yet. */
  expected: number | null
  received: number
  head: Buffer[]
}

export async function load({ port, connections, seconds, perSecond, requests, seed }: Load): Promise<Answered> {
  const random = createRandom(seed)
  const next = (): string => {
    const text = requests[Math.floor(random() * requests.length)] ?? ''
    return text.includes('{key}') ? text.replace('{key}', randomUUID()) : text
  }
  const times: number[] = []
  const refusals: string[] = []
  let [bytes, refused] = [0, 0]
  /** Questions that are due and have no free connection yet. */
  const waiting: number[] = []
  const idle: Line[] = []
  const lines = await Promise.all(Array.from({ length: connections }, () => open(port)))
  const cpuBefore = process.cpuUsage()
  const began = performance.now()
  const ends = began + seconds * 1000
  let allAnswered: (() => void) | undefined

  function ask(line: Line, dueMs: number): void {
    Object.assign(line, { dueMs, asked: true, expected: null, received: 0, head: [] })
    line.socket.write(next(), 'latin1')
  }

  function answered(line: Line): void {
    const now = performance.now()
    times.push(now - line.dueMs)
    bytes += line.received
    line.asked = false
    const due = waiting.shift()
    if (due !== undefined) ask(line, due)
    else if (perSecond === null && now < ends) ask(line, now)
    else idle.push(line)
    if (idle.length === lines.length && performance.now() >= ends) allAnswered?.()
  }

  function take(line: Line, chunk: Buffer): void {
    line.received += chunk.length
    if (line.expected === null) {
      line.head.push(chunk)
      const whole = line.head.length === 1 ? chunk : Buffer.concat(line.head)
      const end = whole.indexOf(HEAD_END)
      if (end === -1) return
      const head = whole.toString('latin1', 0, end)
      line.expected = end + HEAD_END.length + Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? Number.NaN)
      if (Number.isNaN(line.expected)) throw new Error(`an answer without a length: ${head}`)
      if (head[9] !== '2') {
        refused += 1
        if (refusals.length < MOST_REFUSALS) refusals.push(whole.toString().slice(0, 800))
      }
    }
    if (line.received >= line.expected) answered(line)
  }

  const failed = new Promise<never>((_, reject) => {
    for (const line of lines) {
      line.socket.on('data', (chunk: Buffer) => take(line, chunk))
      line.socket.on('error', reject)
      line.socket.on('close', () => reject(new Error('the server closed a connection')))
    }
    setTimeout(() => reject(new Error('the server does not answer')), seconds * 1000 + ANSWER_LIMIT_MS).unref()
  })
  failed.catch(() => undefined)
  if (perSecond === null) for (const line of lines) ask(line, performance.now())
  else idle.push(...lines)

  let asked = 0
  const steadily = setInterval(() => {
    if (perSecond === null) return
    const now = Math.min(performance.now(), ends)
    for (const due = Math.floor(((now - began) / 1000) * perSecond); asked < due; asked++) {
      const dueMs = began + (asked * 1000) / perSecond
      const line = idle.pop()
      if (line === undefined) waiting.push(dueMs)
      else ask(line, dueMs)
    }
  }, 1)
  try {
    const over = new Promise<void>(resolve => {
      allAnswered = resolve
      setTimeout(() => idle.length === lines.length && resolve(), seconds * 1000 + 20)
    })
    await Promise.race([over, failed])
  } finally {
    clearInterval(steadily)
    for (const { socket } of lines) socket.removeAllListeners('close').destroy()
  }
  const { user, system } = process.cpuUsage(cpuBefore)
  return {
    ...{ answers: times.length, seconds: (performance.now() - began) / 1000, bytes, refused, refusals },
    ...{ p50: percentile(times, 0.5), p99: percentile(times, 0.99), most: percentile(times, 1) },
    cpuSeconds: (user + system) / 1e6,
  }
}

async function open(port: number): Promise<Line> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  return { socket, dueMs: 0, asked: false, expected: null, received: 0, head: [] }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.on('message', (task: Load) => {
    load(task).then(
      answered => process.send?.({ answered }),
      (error: unknown) => process.send?.({ failed: String(error) }),
    )
  })
}

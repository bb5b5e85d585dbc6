// A training between two batches, as bytes that check themselves:
//   "trotline checkpoint 3\n" | length of the head, 4 bytes | head, JSON (contracts/src/checkpoint.ts) | the arrays | sha256 of all before
// One that is damaged, or of another training, engine, backend or format, is refused with a sentence and not used in part.
import { createHash } from 'node:crypto'
import { CheckpointHead, type WorkerTraining } from '@trotline/contracts'
import type { Chosen } from './backends.ts'
import { bytesIn, bytesOf, hashInParts, kindOf, type NamedNumbers, type Numbers, type TrainingState } from './state.ts'
import type { EpochValues } from './trainable.ts'

/** To be raised with every change after which the same request comes to other bits. */
const FORMAT = 3
const MAGIC = /^trotline checkpoint ([0-9]+)\n/
const OPENING = Buffer.from(`trotline checkpoint ${FORMAT}\n`)
const CHECKSUM_BYTES = 32

export interface Checkpoint {
  requestSha256: string
  engine: string
  backend: string
  /** Whole epochs trained. */
  epochs: number
  /** Batches trained of the epoch that was under way. */
  batches: number
  history: { epoch: number; values: EpochValues }[]
  state: TrainingState
}

/** Why the bytes are no checkpoint to go on from: the end of a sentence that begins with its name. */
interface Refusal {
  refused: string
}

const refusal = (refused: string): Refusal => ({ refused })

export function encodeCheckpoint({ state, ...about }: Checkpoint): Uint8Array {
  const list = (named: NamedNumbers): CheckpointHead['weights'] =>
    Object.entries(named).map(([name, numbers]) => ({ name, type: kindOf(numbers), length: numbers.length }))
  const head: CheckpointHead = {
    ...about,
    weights: list(state.weights),
    rest: list(state.rest),
    random: state.random,
  }
  const text = Buffer.from(JSON.stringify(head))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(text.length)
  const arrays = [state.weights, state.rest].flatMap(named => Object.values(named)).map(bytesOf)
  const opening = [OPENING, length, text]
  const contentBytes = opening.reduce((sum, part) => sum + part.length, bytesIn(state))
  // Put together once: a state may be as large as half of what the job has.
  const file = Buffer.allocUnsafeSlow(contentBytes + CHECKSUM_BYTES)
  let at = 0
  for (const part of [...opening, ...arrays]) {
    file.set(part, at)
    at += part.length
  }
  file.set(sha256(file.subarray(0, contentBytes)), contentBytes)
  return file
}

export function decodeCheckpoint(bytes: Uint8Array): Checkpoint | Refusal {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const format = MAGIC.exec(file.toString('latin1', 0, 64))?.[1]
  if (format === undefined) return refusal('is no checkpoint')
  const content = file.subarray(0, Math.max(0, file.length - CHECKSUM_BYTES))
  if (!sha256(content).equals(file.subarray(content.length)))
    return refusal('is damaged: it is not the bytes that its checksum was made of')
  if (format !== String(FORMAT)) return refusal(`is of format ${format}, and this worker reads format ${FORMAT}`)
  // From here on the bytes are those that some worker wrote; only one that was wrong itself fails below.
  const from = OPENING.length + 4
  if (content.length < from) return refusal('has no head')
  const arraysFrom = from + content.readUInt32LE(OPENING.length)
  const head = parseHead(content.toString('utf8', from, arraysFrom))
  if (head === null) return refusal('has a head that this worker cannot read')
  const { weights, rest, random, ...about } = head
  const read = reader(content.subarray(arraysFrom))
  const state = { weights: read.named(weights), rest: read.named(rest), random }
  return read.whole() ? { ...about, state } : refusal('holds other arrays than its head says')
}

/** null: this training may go on from it. What it holds is compared with the training itself when it is restored. */
export function whyNotResume(
  checkpoint: Checkpoint,
  training: WorkerTraining,
  { engine, backend }: Pick<Chosen, 'engine' | 'backend'>,
): string | null {
  if (checkpoint.requestSha256 !== requestSha256(training)) return 'belongs to another training request'
  if (checkpoint.engine !== engine || checkpoint.backend !== backend)
    return `was made by engine ${checkpoint.engine} on backend ${checkpoint.backend}, and this run has ${engine} on ${backend}: the last bits would differ`
  const { epochs, batches } = checkpoint
  if (epochs > training.epochs) return `counts ${epochs} epochs of ${training.epochs}`
  if (epochs === training.epochs && batches > 0) return `counts more than ${epochs} epochs of ${training.epochs}`
  return null
}

/** Of the request's fields in the order of their names, so that it does not depend on who wrote the JSON. */
export function requestSha256(training: WorkerTraining): string {
  return sha256(Buffer.from(JSON.stringify(sorted(training)))).toString('hex')
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => [name, sorted(field)])
}

function sha256(bytes: Uint8Array): Buffer {
  const hash = createHash('sha256')
  hashInParts(hash, bytes)
  return hash.digest()
}

function parseHead(text: string): CheckpointHead | null {
  try {
    return CheckpointHead.parse(JSON.parse(text))
  } catch {
    return null
  }
}

const KINDS = { float32: Float32Array, float64: Float64Array, int32: Int32Array } as const

/** Takes arrays off the front. Each is copied: a typed array must begin at a multiple of its element's size. */
function reader(bytes: Uint8Array) {
  let at = 0
  const next = (type: keyof typeof KINDS, length: number): Numbers => {
    const Kind = KINDS[type]
    const end = at + length * Kind.BYTES_PER_ELEMENT
    const taken = new Uint8Array(bytes.subarray(at, end))
    at = end
    // Where the bytes do not reach there is no array, and whole() says so.
    return new Kind(at <= bytes.length ? taken.buffer : new ArrayBuffer(0))
  }
  return {
    named: (list: CheckpointHead['weights']): NamedNumbers =>
      Object.fromEntries(list.map(({ name, type, length }) => [name, next(type, length)])),
    whole: (): boolean => at === bytes.length,
  }
}

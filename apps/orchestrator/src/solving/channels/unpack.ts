// The bytes of a document as it was sent: plain, or packed with gzip or zstd. For a thread that may block.
import { fstatSync, readSync } from 'node:fs'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { Decompress } from 'fzstd'
import { NotRepodata } from './repodata-scan.ts'
import { largestWindow } from './zstd-frames.ts'

export const PACKINGS = ['plain', 'gzip', 'zstd'] as const
export type Packing = (typeof PACKINGS)[number]

const CHUNK = 1024 * 1024
/** Unpacked at once; four bytes of a hostile file may stand for 128 KiB, so that this much could become half a GiB. */
const PART = 16_384
const MOST_OF_PART = 64 * 1024 * 1024
/** What zstd itself unpacks without being told to: `zstd --long` makes larger ones. conda-index's are of 8 MiB. */
const MOST_WINDOW = 128 * 1024 * 1024

/**
 * A chunk is good until the next one is asked for.
 *
 * @throws NotRepodata where it cannot be unpacked, or ends too early
 */
export async function* unpacked(descriptor: number, packing: Packing): AsyncGenerator<Buffer> {
  if (packing === 'gzip') yield* gunzipped(descriptor)
  else if (packing === 'zstd') yield* unpackedZstd(descriptor)
  else yield* chunksOf(descriptor)
}

function* chunksOf(descriptor: number): Generator<Buffer> {
  const chunk = Buffer.alloc(CHUNK)
  for (let at = 0; ; ) {
    const count = readSync(descriptor, chunk, 0, CHUNK, at)
    if (count === 0) return
    // What is held on to (the scan's last record) must not be written over.
    yield Buffer.from(chunk.subarray(0, count))
    at += count
  }
}

async function* gunzipped(descriptor: number): AsyncGenerator<Buffer> {
  // A stream over the descriptor itself would close it when it is destroyed.
  const source = Readable.from(chunksOf(descriptor))
  const gunzip = createGunzip({ chunkSize: CHUNK })
  source.on('error', error => gunzip.destroy(error))
  try {
    yield* source.pipe(gunzip) as AsyncIterable<Buffer>
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? ''
    if (!code.startsWith('Z_')) throw cause
    throw new NotRepodata(
      code === 'Z_BUF_ERROR' ? 'is cut off: its gzip ends too early' : 'is no gzip, though it is sent as one',
      {
        cause,
      },
    )
  } finally {
    source.destroy()
    gunzip.destroy()
  }
}

function* unpackedZstd(descriptor: number): Generator<Buffer> {
  const window = largestWindow(descriptor, fstatSync(descriptor).size)
  if (window > MOST_WINDOW)
    throw new NotRepodata(`takes a window of ${Math.ceil(window / 1024 / 1024)} MiB to unpack; 128 MiB are given`)
  let out: Buffer[] = []
  let held = 0
  const zstd = new Decompress(bytes => {
    held += bytes.length
    if (held > MOST_OF_PART)
      throw new NotRepodata(`unpacks to more than ${MOST_OF_PART / PART} times its size, which no repodata does`)
    if (bytes.length > 0) out.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
  })
  for (const chunk of chunksOf(descriptor)) {
    try {
      for (let at = 0; at < chunk.length; at += PART) {
        zstd.push(chunk.subarray(at, at + PART))
        yield* out
        out = []
        held = 0
      }
    } catch (cause) {
      if (cause instanceof NotRepodata) throw cause
      throw new NotRepodata('is damaged: its zstd cannot be unpacked', { cause })
    }
  }
}

// CIFAR-10's binary files: a label byte and 3,072 bytes an image, in planes of red, green and blue of 32 × 32.
// https://www.cs.toronto.edu/~kriz/cifar.html, "binary version". Images stay bytes until a batch is read.
import type { Cifar10Data } from '@trotline/contracts'
import { badData } from './bad-data.ts'
import { byteScale } from './byte-scale.ts'
import { fill, withFile } from './file.ts'
import type { RawData } from './raw-data.ts'

const SIDE = 32
const PLANE = SIDE * SIDE
const RECORD_BYTES = 1 + 3 * PLANE
/** As the tutorial names them. */
const CLASSES = ['plane', 'car', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'] as const

/** @throws as openData does */
export async function openCifar10({ files, rescale }: Cifar10Data, signal: AbortSignal): Promise<RawData> {
  const counts: number[] = []
  for (const path of files) counts.push(await countImages(path, signal))
  const rows = counts.reduce((sum, count) => sum + count, 0)
  const records = new Uint8Array(rows * RECORD_BYTES)
  let first = 0
  for (const [i, path] of files.entries()) {
    const count = counts[i] as number
    await readRecords(path, records.subarray(first * RECORD_BYTES, (first + count) * RECORD_BYTES), signal)
    first += count
  }
  const scaled = byteScale(rescale)
  return {
    path: files[0] as string,
    rows,
    shape: [SIDE, SIDE, 3],
    targets: 1,
    classes: CLASSES,
    zScore: false,
    table: null,
    placeOf: row => placeAmong(files, counts, row),
    targetOf: row => records[row * RECORD_BYTES] as number,
    read(indices, features, targets) {
      let to = 0
      for (let i = 0; i < indices.length; i++) {
        const label = (indices[i] as number) * RECORD_BYTES
        targets[i] = records[label] as number
        const end = label + 1 + PLANE
        for (let red = label + 1; red < end; red++) {
          features[to] = scaled[records[red] as number] as number
          features[to + 1] = scaled[records[red + PLANE] as number] as number
          features[to + 2] = scaled[records[red + 2 * PLANE] as number] as number
          to += 3
        }
      }
    },
    close() {},
  }
}

const countImages = (path: string, signal: AbortSignal): Promise<number> =>
  withFile(path, signal, async (_, bytes) => {
    if (bytes === 0) throw badData({ path }, 'is empty')
    if (bytes % RECORD_BYTES !== 0) {
      const whole = Math.floor(bytes / RECORD_BYTES)
      const rest = bytes - whole * RECORD_BYTES
      throw badData(
        { path },
        `has ${bytes} bytes: ${whole} images of ${RECORD_BYTES} and ${rest} that are no whole image`,
      )
    }
    return bytes / RECORD_BYTES
  })

const readRecords = (path: string, records: Uint8Array, signal: AbortSignal): Promise<void> =>
  withFile(path, signal, async file => {
    const filled = await fill(file, records, 0)
    if (filled < records.length) throw badData({ path }, `became shorter while it was read: ${filled} bytes`)
    for (let label = 0; label < records.length; label += RECORD_BYTES) {
      const found = records[label] as number
      if (found < CLASSES.length) continue
      const at = `image ${label / RECORD_BYTES + 1}`
      throw badData({ path, at }, `label ${found} is none of 0 to ${CLASSES.length - 1}`)
    }
  })

function placeAmong(files: readonly string[], counts: readonly number[], row: number): string {
  let first = 0
  for (const [i, count] of counts.entries()) {
    if (row < first + count) return `${files[i]}, image ${row - first + 1}`
    first += count
  }
  throw new TypeError(`row ${row} of ${first}`)
}

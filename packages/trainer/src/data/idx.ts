// The files of the MNIST family: images and labels as bytes, big-endian counts before them, usually compressed with gzip.
// http://yann.lecun.com/exdb/mnist, "file formats for the MNIST database". Images stay bytes until a batch is read.
import type { IdxData } from '@trotline/contracts'
import { badData } from './bad-data.ts'
import { byteScale } from './byte-scale.ts'
import { plainBlocksOf, withFile } from './file.ts'
import type { RawData } from './raw-data.ts'

/** Two zero bytes, 8 for unsigned bytes, the number of dimensions. */
const LABELS_MAGIC = 0x0000_0801
const IMAGES_MAGIC = 0x0000_0803
/** deflate makes at most 1,032 bytes of one: a count that asks for more than that is wrong, and nothing is reserved for it. */
const MOST_BYTES_OF_ONE = 1_032

/** @throws as openData does */
export async function openIdx(data: IdxData, signal: AbortSignal): Promise<RawData> {
  const images = await readIdx(
    data.images,
    { magic: IMAGES_MAGIC, what: 'images', dimensions: ['images', 'rows', 'columns'] },
    signal,
  )
  const labels = await readIdx(data.labels, { magic: LABELS_MAGIC, what: 'labels', dimensions: ['labels'] }, signal)
  const [rows, height, width] = images.sizes as [number, number, number]
  if (labels.sizes[0] !== rows)
    throw badData({ path: data.labels }, `has ${labels.sizes[0]} labels for the ${rows} images of ${data.images}`)
  if (rows === 0 || height === 0 || width === 0) throw badData({ path: data.images }, 'holds no pixel')
  const { pad, channels } = data
  const shape = [height + 2 * pad, width + 2 * pad, channels]
  return {
    path: data.images,
    rows,
    shape,
    targets: 1,
    classes: classNames(data, labels.bytes),
    zScore: false,
    table: null,
    placeOf: row => `image ${row + 1}`,
    targetOf: row => labels.bytes[row] as number,
    read: reader(images.bytes, labels.bytes, { height, width, pad, channels, scaled: byteScale(data.rescale) }),
    close() {},
  }
}

interface Idx {
  sizes: number[]
  bytes: Uint8Array
}

interface Expected {
  magic: number
  what: string
  dimensions: readonly string[]
}

async function readIdx(path: string, { magic, what, dimensions }: Expected, signal: AbortSignal): Promise<Idx> {
  const headBytes = 4 + 4 * dimensions.length
  return withFile(path, signal, async (file, fileBytes) => {
    let head: Buffer = Buffer.alloc(0)
    let found: Idx | null = null
    let filled = 0
    for await (const block of plainBlocksOf(file, signal)) {
      let from = 0
      if (found === null) {
        head = Buffer.concat([head, block])
        if (head.length >= 4) checkMagic(head, path, magic, what)
        if (head.length < headBytes) continue
        found = parseHead(head, path, dimensions, fileBytes)
        from = block.length - (head.length - headBytes)
      }
      if (filled + block.length - from > found.bytes.length)
        throw badData({ path }, `goes on after the ${countsOf(found, dimensions)} that it says it holds`)
      found.bytes.set(block.subarray(from), filled)
      filled += block.length - from
    }
    if (found === null) throw badData({ path }, `ends after ${head.length} bytes, within the head of an IDX file`)
    if (filled < found.bytes.length) {
      const whole = Math.floor((filled * (found.sizes[0] as number)) / found.bytes.length)
      throw badData({ path }, `is cut off: it says it holds ${countsOf(found, dimensions)}, and ends after ${whole}`)
    }
    return found
  })
}

const countsOf = ({ sizes }: Idx, dimensions: readonly string[]): string =>
  sizes.length === 1 ? `${sizes[0]} ${dimensions[0]}` : `${sizes[0]} ${dimensions[0]} of ${sizes[1]} × ${sizes[2]}`

function checkMagic(head: Buffer, path: string, magic: number, what: string): void {
  const found = head.readUInt32BE(0)
  if (found !== magic)
    throw badData({ path }, `is no IDX file of ${what}: it begins with ${hex(found)} instead of ${hex(magic)}`)
}

function parseHead(head: Buffer, path: string, dimensions: readonly string[], fileBytes: number): Idx {
  const sizes = dimensions.map((_, i) => head.readUInt32BE(4 + 4 * i))
  const bytes = sizes.reduce((product, size) => product * size, 1)
  const idx = { sizes, bytes: new Uint8Array(0) }
  if (bytes > fileBytes * MOST_BYTES_OF_ONE)
    throw badData({ path }, `is cut off: it says it holds ${countsOf(idx, dimensions)}, and has ${fileBytes} bytes`)
  return { ...idx, bytes: new Uint8Array(bytes) }
}

const hex = (word: number): string => `0x${word.toString(16).padStart(8, '0')}`

function classNames({ labels: path, classNames: given }: IdxData, labels: Uint8Array): string[] {
  const highest = labels.reduce((high, label) => Math.max(high, label), 0)
  if (given === null) return Array.from({ length: highest + 1 }, (_, i) => String(i))
  const wrong = labels.findIndex(label => label >= given.length)
  if (wrong !== -1)
    throw badData({ path, at: `label ${wrong + 1}` }, `class ${labels[wrong]} has no name: ${given.length} are given`)
  return given
}

/** A batch of 4 images to 32 × 32 × 3 takes a few µs: the border is filled, then each pixel looked up. */
function reader(
  images: Uint8Array,
  labels: Uint8Array,
  at: { height: number; width: number; pad: number; channels: 1 | 3; scaled: Float32Array },
): RawData['read'] {
  const { height, width, pad, channels, scaled } = at
  const line = (width + 2 * pad) * channels
  const image = (height + 2 * pad) * line
  const black = scaled[0] as number
  const inside = pad * line + pad * channels
  return (indices, features, targets) => {
    if (pad > 0) features.fill(black, 0, indices.length * image)
    for (let i = 0; i < indices.length; i++) {
      const row = indices[i] as number
      let from = row * height * width
      for (let y = 0; y < height; y++) {
        let to = i * image + inside + y * line
        const end = from + width
        if (channels === 1) while (from < end) features[to++] = scaled[images[from++] as number] as number
        else
          while (from < end) {
            const value = scaled[images[from++] as number] as number
            features[to] = value
            features[to + 1] = value
            features[to + 2] = value
            to += 3
          }
      }
      targets[i] = labels[row] as number
    }
  }
}

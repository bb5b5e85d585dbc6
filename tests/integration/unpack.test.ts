// Documents as channels pack them: whole ones come out as they were, cut and damaged ones do not come out at all.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { type Packing, unpacked } from '../../apps/orchestrator/src/solving/channels/unpack.ts'
import { compress } from '../support/conda-channel.ts'

const folder = mkdtempSync(join(tmpdir(), 'trotline-unpack-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** Compresses well in places, and not in others. */
const DOCUMENT = Buffer.concat(
  Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? Buffer.alloc(50_000, `{"a": ${i}}`) : randomBytes(20_000))),
)
let zst: Buffer
before(async () => {
  writeFileSync(join(folder, 'document'), DOCUMENT)
  await compress([{ from: join(folder, 'document'), to: join(folder, 'document.zst') }])
  zst = readFileSync(join(folder, 'document.zst'))
})

async function unpack(bytes: Buffer, packing: Packing): Promise<Buffer> {
  const file = join(folder, 'packed')
  writeFileSync(file, bytes)
  const descriptor = openSync(file, 'r')
  try {
    const chunks: Buffer[] = []
    for await (const chunk of unpacked(descriptor, packing)) chunks.push(chunk)
    return Buffer.concat(chunks)
  } finally {
    closeSync(descriptor)
  }
}

/** A frame to skip, as pzstd writes them before each frame. */
const skippable = (bytes: number): Buffer => {
  const header = Buffer.alloc(8)
  header.writeUInt32LE(0x184d2a53, 0)
  header.writeUInt32LE(bytes, 4)
  return Buffer.concat([header, Buffer.alloc(bytes, 7)])
}

test('what was packed comes out as it was: plain, gzip, zstd of one frame and of several', async () => {
  assert.ok((await unpack(DOCUMENT, 'plain')).equals(DOCUMENT))
  assert.ok((await unpack(gzipSync(DOCUMENT), 'gzip')).equals(DOCUMENT))
  assert.ok((await unpack(zst, 'zstd')).equals(DOCUMENT))
  const several = Buffer.concat([skippable(100), zst, skippable(0), zst])
  assert.ok((await unpack(several, 'zstd')).equals(Buffer.concat([DOCUMENT, DOCUMENT])))
})

test('a zstd that is cut anywhere is not taken for a whole one', async () => {
  for (let i = 0; i < 60; i++) {
    const length = Math.floor((zst.length * i) / 60)
    await assert.rejects(unpack(zst.subarray(0, length), 'zstd'), { name: 'NotRepodata' }, `cut after ${length} bytes`)
  }
  await assert.rejects(unpack(zst.subarray(0, -1), 'zstd'), { name: 'NotRepodata' })
  await assert.rejects(unpack(Buffer.concat([zst, skippable(9).subarray(0, 12)]), 'zstd'), { name: 'NotRepodata' })
  await assert.rejects(unpack(Buffer.concat([zst, Buffer.from('more')]), 'zstd'), { message: /other than zstd/ })
})

test('a zstd of four bytes for every 128 KiB is refused before it takes the memory', async () => {
  // RFC 8878: no checksum, a window of 8 MiB, blocks of one byte that is repeated.
  const block = Buffer.alloc(4, 0x20)
  block.writeUIntLE((131_072 << 3) | (1 << 1), 0, 3)
  const last = Buffer.from(block)
  last.writeUInt8(last.readUInt8() | 1)
  const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x68])
  const bomb = Buffer.concat([head, ...new Array<Buffer>(4000).fill(block), last])
  await assert.rejects(unpack(bomb, 'zstd'), { name: 'NotRepodata', message: /more than 4096 times its size/ })
})

test('a zstd that claims a window beyond 128 MiB is refused before anything is unpacked', async () => {
  // Window descriptor: exponent 31, so 2 TiB; and a single segment that claims 3 GiB.
  const window = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 31 << 3, 0x01, 0x00, 0x00])
  const single = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0x00, 0x00, 0x00, 0xc0, 0x01, 0x00, 0x00])
  for (const bytes of [window, single])
    await assert.rejects(unpack(bytes, 'zstd'), { name: 'NotRepodata', message: /takes a window of \d+ MiB/ })
})

test('what is damaged comes out or is refused in words; gzip, which has a checksum, never comes out as another text', async () => {
  const gzip = gzipSync(DOCUMENT)
  for (let i = 0; i < 100; i++) {
    for (const [bytes, packing] of [
      [zst, 'zstd'],
      [gzip, 'gzip'],
    ] as const) {
      const damaged = Buffer.from(bytes)
      const at = Math.floor((damaged.length * i) / 100)
      damaged[at] = (damaged[at] ?? 0) ^ 0x40
      await unpack(damaged, packing).then(
        out => assert.ok(packing === 'zstd' || at < 10 || out.equals(DOCUMENT), `gzip, byte ${at}`),
        error => assert.equal(error.name, 'NotRepodata', String(error)),
      )
    }
  }
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { BUNDLE_BYTES } from '@trotline/contracts'
import { readBundle } from '../../../apps/cli/src/bundle/read-bundle.ts'
import { readTar } from '../../../apps/cli/src/bundle/read-tar.ts'
import { CliError } from '../../../apps/cli/src/errors.ts'
import { type TarEntry, tarOf } from '../../../apps/orchestrator/src/clusters/tar.ts'
import { bundleOf } from '../../../apps/orchestrator/src/lifecycle/bundle.ts'
import { record } from '../../support/job-records.ts'

const BUNDLE = JSON.stringify(bundleOf(record(), null))
const file = (path: string, content = ''): TarEntry => ({ path, mode: 0o644, content })

const CHECKSUM_AT = 148
/** A header changed by hand, its checksum made right again. */
function changed(tar: Buffer, change: (header: Buffer) => void): Buffer {
  const header = tar.subarray(0, 512)
  change(header)
  header.write('        ', CHECKSUM_AT)
  const sum = header.reduce((all, byte) => all + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, CHECKSUM_AT, 'latin1')
  return tar
}
const refuses = (make: () => unknown, says: RegExp) =>
  assert.throws(make, (error: unknown) => {
    assert.ok(error instanceof CliError)
    assert.equal(error.code, 'USAGE')
    assert.match(error.message, /^b\.tgz is no bundle of Trotline: /)
    assert.match(error.message, says)
    return true
  })

test('a path that leads out, or that no bundle has, refuses the whole archive', () => {
  for (const path of ['../bundle.json', '/etc/passwd', 'a/../../b', 'a//b', '.ssh/config', 'a b', 'a\u00e9', 'a\\b'])
    refuses(() => readTar(tarOf([file(path)]), 'b.tgz'), /a file in it has a name that no bundle has/)
  const long = changed(tarOf([file('bundle.json')]), header => header.write('../../up', 345))
  refuses(() => readTar(long, 'b.tgz'), /a name that no bundle has/)
})

test('links, devices and whatever else is neither a file nor a folder refuse it', () => {
  for (const type of ['1', '2', '3', '4', '6', '7', 'x', 'g', 'L', 'K', 'S']) {
    const tar = changed(tarOf([file('bundle.json')]), header => header.write(type, 156))
    refuses(() => readTar(tar, 'b.tgz'), /bundle\.json is neither a file nor a folder/)
  }
})

test('a size that is none, or that the archive has not, refuses it', () => {
  const sized = (size: string) =>
    changed(tarOf([file('bundle.json', 'x')]), header => header.write(size, 124, 'latin1'))
  refuses(() => readTar(sized('-0000000001\0'), 'b.tgz'), /the size of bundle\.json cannot be read/)
  refuses(() => readTar(sized('\u0080\0\0\0\0\0\0\0\0\0\0\u0001'), 'b.tgz'), /cannot be read/)
  refuses(() => readTar(sized('77777777777\0'), 'b.tgz'), /cut short/)
})

test('a flipped bit in a header, a cut end and a second file of one name refuse it', () => {
  const flipped = tarOf([file('bundle.json')])
  flipped[5] = (flipped[5] ?? 0) ^ 1
  refuses(() => readTar(flipped, 'b.tgz'), /a checksum is wrong/)
  const whole = tarOf([file('bundle.json', 'x'.repeat(600))])
  for (const length of [0, 100, 512, 1_024, 1_536])
    refuses(() => readTar(whole.subarray(0, length), 'b.tgz'), /cut short/)
  refuses(() => readTar(tarOf([file('a'), file('a')]), 'b.tgz'), /a is in it twice/)
  refuses(() => readTar(tarOf(Array.from({ length: 65 }, (_, i) => file(`f${i}`))), 'b.tgz'), /more than 64 files/)
})

test('what unpacks to more than a bundle may have is refused before it fills the memory', () => {
  refuses(() => readBundle(gzipSync(Buffer.alloc(BUNDLE_BYTES + 1)), 'b.tgz'), /unpacked it has more than/)
  refuses(() => readBundle(Buffer.from('PK\u0003\u0004'), 'b.tgz'), /not a tar archive packed by gzip/)
  const cut = gzipSync(tarOf([file('bundle.json', BUNDLE)]))
  refuses(() => readBundle(cut.subarray(0, cut.length - 20), 'b.tgz'), /cut short/)
})

test('the document is one, is JSON, and has no field that a bundle has not', () => {
  const read = (...entries: TarEntry[]) => readBundle(gzipSync(tarOf(entries)), 'b.tgz')
  assert.equal(read(file('x/bundle.json', BUNDLE)).v, 1)
  assert.equal(read(file('bundle.json', BUNDLE)).v, 1)
  refuses(() => read(file('x/y/bundle.json', BUNDLE)), /it has no bundle\.json/)
  refuses(() => read(file('x/bundle.json', BUNDLE), file('y/bundle.json', BUNDLE)), /it has two bundle\.json/)
  refuses(() => read(file('bundle.json', '{')), /is not JSON/)
  refuses(() => read(file('bundle.json', JSON.stringify({ ...JSON.parse(BUNDLE), more: 1 }))), /does not fit.*more/)
  refuses(() => read(file('bundle.json', JSON.stringify({ ...JSON.parse(BUNDLE), job: '..' }))), /does not fit at job/)
})

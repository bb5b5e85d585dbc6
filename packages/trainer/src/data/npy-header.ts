// The head of an NPY file: which numbers, in which order, of which shape. numpy/lib/format.py describes versions 1.0 to 3.0.
import { badData } from './bad-data.ts'

const MAGIC = '\x93NUMPY'
/** numpy itself refuses longer heads than this (max_header_size), because parsing them costs more than any array is worth. */
const MAX_HEAD_BYTES = 10_000

/** numpy's letters: signed, unsigned, float, bool, and how many bytes. */
const NPY_KINDS = ['f4', 'f8', 'i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8', 'b1'] as const
export type NpyKind = (typeof NPY_KINDS)[number]

export interface NpyHeader {
  kind: NpyKind
  shape: number[]
  /** Where the numbers begin, in bytes from the start. */
  begin: number
}

/** Enough of a file to read its head from. */
export const NPY_HEAD_BYTES = 12 + MAX_HEAD_BYTES

/** @param head the first NPY_HEAD_BYTES bytes, or as many as there are */
export function parseNpyHeader(path: string, head: Buffer): NpyHeader {
  if (head.toString('latin1', 0, 6) !== MAGIC) throw badData({ path }, 'is no NPY file: it does not begin as one')
  const version = head[6]
  if (version !== 1 && version !== 2 && version !== 3)
    throw badData({ path }, `is NPY version ${version}, and 1, 2 and 3 are read`)
  const from = version === 1 ? 10 : 12
  if (head.length < from) throw cutOff(path)
  const length = version === 1 ? head.readUInt16LE(8) : head.readUInt32LE(8)
  if (length > MAX_HEAD_BYTES) throw badData({ path }, `has a head of ${length} bytes, and ${MAX_HEAD_BYTES} are read`)
  if (head.length < from + length) throw cutOff(path)
  const text = head.toString(version === 3 ? 'utf8' : 'latin1', from, from + length)

  const descr = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1]
  const fortran = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1]
  const shape = /'shape'\s*:\s*\(([0-9,\sL]*)\)/.exec(text)?.[1]
  if (/'descr'\s*:\s*\[/.test(text)) throw badData({ path }, 'holds records of fields, and one kind of number is read')
  if (descr === undefined || fortran === undefined || shape === undefined)
    throw badData({ path }, 'has a head that cannot be read')
  const sizes = (shape.match(/[0-9]+/g) ?? []).map(Number)
  // A single axis, and arrays that are contiguous both ways, are written as C order whatever they were.
  if (fortran === 'True' && sizes.length > 1)
    throw badData({ path }, "is in Fortran's order; numpy.ascontiguousarray(…) before saving puts it in C's")
  return { kind: kindOf(path, descr), shape: sizes, begin: from + length }
}

const cutOff = (path: string) => badData({ path }, 'ends within the head of an NPY file')

function kindOf(path: string, descr: string): NpyKind {
  const kind = descr.slice(1)
  const known = NPY_KINDS.find(name => name === kind)
  if (known === undefined || !'<>|='.includes(descr.charAt(0)))
    throw badData({ path }, `holds ${JSON.stringify(descr)}, and ${NPY_KINDS.join(', ')} are read`)
  if (descr.startsWith('>') && !kind.endsWith('1'))
    throw badData({ path }, `is big-endian (${descr}); .astype("<${kind}") before saving makes it little-endian`)
  return known
}

// NPY and NPZ: an array of features and one of targets, whose first axes count the same rows.
import { stat } from 'node:fs/promises'
import type { NpyData, NpzData } from '@trotline/contracts'
import { badData } from './bad-data.ts'
import { unreadable } from './file.ts'
import { arrayOf, type NpyArray, openArray, type Rescale, textOf } from './npy-array.ts'
import type { RawData } from './raw-data.ts'
import { inflateMember, readZipMember } from './zip.ts'

/** @throws as openData does */
export const openNpy = ({ features, target, rescale, normalize }: NpyData, signal: AbortSignal): Promise<RawData> =>
  join(
    () => openFile(features, rescale, signal),
    () => openFile(target, null, signal),
    normalize === 'zScore',
  )

/** @throws as openData does */
export const openNpz = (
  { path, features, target, rescale, normalize }: NpzData,
  signal: AbortSignal,
): Promise<RawData> =>
  join(
    () => openMember(path, features, rescale, signal),
    () => openMember(path, target, null, signal),
    normalize === 'zScore',
  )

async function openFile(path: string, rescale: Rescale | null, signal: AbortSignal): Promise<NpyArray> {
  const { size } = await stat(path).catch(error => Promise.reject(unreadable(path, error)))
  return openArray({ path, name: path, from: 0, bytes: size }, rescale, { signal })
}

async function openMember(
  path: string,
  array: string,
  rescale: Rescale | null,
  signal: AbortSignal,
): Promise<NpyArray> {
  const member = await readZipMember(path, `${array}.npy`, signal)
  const name = `${path}, array ${array}`
  return member.method === 'stored'
    ? openArray({ path, name, from: member.from, bytes: member.bytes }, rescale, { signal })
    : arrayOf(name, await inflateMember(path, member, signal), rescale, signal)
}

async function join(
  openFeatures: () => Promise<NpyArray>,
  openTargets: () => Promise<NpyArray>,
  zScore: boolean,
): Promise<RawData> {
  const features = await openFeatures()
  try {
    const targets = await openTargets()
    try {
      return rowsOf(features, targets, zScore)
    } catch (error) {
      targets.close()
      throw error
    }
  } catch (error) {
    features.close()
    throw error
  }
}

function rowsOf(features: NpyArray, targets: NpyArray, zScore: boolean): RawData {
  if (features.rows !== targets.rows)
    throw badData({ path: targets.path }, `has ${targets.rows} rows for the ${features.rows} of ${features.path}`)
  const shape = featureShape(features)
  if (targets.shape.length > 1)
    throw badData(
      { path: targets.path },
      `has rows of ${textOf(targets.shape)}, and targets are [rows] or [rows, outputs]`,
    )
  const [size, outputs] = [shape, targets.shape].map(sides => sides.reduce((product, side) => product * side, 1)) as [
    number,
    number,
  ]
  const one = new Float64Array(outputs)
  return {
    path: features.path,
    rows: features.rows,
    shape,
    targets: outputs,
    classes: null,
    zScore,
    table: null,
    placeOf: row => `row ${row + 1}`,
    targetOf(row) {
      targets.read(row, one, 0)
      return one[0] as number
    },
    read(indices, intoFeatures, intoTargets) {
      for (let i = 0; i < indices.length; i++) {
        const row = indices[i] as number
        features.read(row, intoFeatures, i * size)
        targets.read(row, intoTargets, i * outputs)
      }
    },
    close() {
      features.close()
      targets.close()
    },
  }
}

/**
 * [rows], [rows, features], images [rows, height, width] and [rows, height, width, channels]. What three axes are the model may say
 * (inputShapeOf): without a word of its own they are images of one channel.
 */
function featureShape({ path, shape }: NpyArray): readonly number[] {
  if (shape.length === 0) return [1]
  if (shape.length === 2) return [...shape, 1]
  if (shape.length === 1 || shape.length === 3) return shape
  throw badData({ path }, `has rows of ${textOf(shape)}: numbers or images [height, width, channels] are read`)
}

// From the request's word for a data set to its rows: one function for every format.
import type { Data } from '@trotline/contracts'
import { openAutoMpg } from './auto-mpg.ts'
import { openCifar10 } from './cifar10.ts'
import { openCsv } from './csv.ts'
import { openIdx } from './idx.ts'
import { openNpy, openNpz } from './npy.ts'
import type { RawData } from './raw-data.ts'

export interface Assets {
  /** The folder that holds every file of ASSETS. */
  directory: string
}

/**
 * @param like the data that these rows are to be trained or compared with; null: they are the first
 * @throws TrainerError TRAIN_BAD_DATA naming file, row and column, where a file is missing, cut off, of another shape, or holds what
 * is no number. What it holds is checked now, not when it is read. TRAIN_DATA_UNREADABLE where the node's storage fails.
 * @throws Stopped soon after the signal is aborted, whatever the length of the files
 */
export function openData(
  data: Data,
  assets: Assets,
  { like = null, signal }: { like?: RawData | null; signal: AbortSignal },
): Promise<RawData> {
  switch (data.format) {
    case 'csv':
      return openCsv(data, like, signal)
    case 'npy':
      return openNpy(data, signal)
    case 'npz':
      return openNpz(data, signal)
    case 'idx':
      return openIdx(data, signal)
    case 'cifar10':
      return openCifar10(data, signal)
    case 'auto-mpg':
      return openAutoMpg(assets)
  }
}

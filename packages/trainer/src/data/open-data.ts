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
 * is no number. What it holds is checked now, not when it is read.
 */
export function openData(data: Data, assets: Assets, like: RawData | null = null): Promise<RawData> {
  switch (data.format) {
    case 'csv':
      return openCsv(data, like)
    case 'npy':
      return openNpy(data)
    case 'npz':
      return openNpz(data)
    case 'idx':
      return openIdx(data)
    case 'cifar10':
      return openCifar10(data)
    case 'auto-mpg':
      return openAutoMpg(assets)
  }
}

// Kernel calls as the words that kernels/assembly/index.ts runs: [operation, words it takes, arguments …].
// Addresses and tile strides in bytes, all else in values; the tiles and the share's gradient are given when a program is run.

/** Changes with every operation that is added or takes other arguments: binary and engine must be of one make. */
export const VERSION = 1

const OPERATIONS = {
  pack: 1,
  unpack: 2,
  copyRows: 3,
  dense: 4,
  denseInputGradient: 5,
  denseKernelGradient: 6,
  biasGradient: 7,
  convolution: 8,
  convolutionInputGradient: 9,
  convolutionKernelGradient: 10,
  maxPool: 11,
  maxPoolGradient: 12,
  averagePool: 13,
  averagePoolGradient: 14,
  activate: 15,
  gate: 16,
  multiply: 17,
  addShares: 18,
  sgd: 19,
  momentum: 20,
  rmsprop: 21,
  adagrad: 22,
  adam: 23,
} as const

export type Operation = keyof typeof OPERATIONS

/** As words; calls one after the other are a program. */
export const call = (operation: Operation, ...words: number[]): number[] => [
  OPERATIONS[operation],
  words.length + 2,
  ...words,
]

/** Addresses of a program's first word and of the word behind its last. */
export interface Program {
  at: number
  end: number
  words: readonly number[]
}

/** What `activate` and `gate` know. */
export const ACTIVATION_KINDS = { linear: 0, relu: 1, tanh: 2, sigmoid: 3 } as const
export type SimdActivation = keyof typeof ACTIVATION_KINDS

// Where the rows come from that a net is trained on. Files lie on the cluster and are read by the worker; their paths travel inside
// spec.json and reach no shell.
import { z } from 'zod'

/** Absolute: a job has no directory of the user's to be relative to. */
export const DataPath = z
  .string()
  .max(4_096)
  .regex(/^\/[^\p{Cc}]*$/u, 'is not an absolute path without control characters')

/** Keras's Rescaling layer: value · scale + offset, of every feature. */
const Rescale = z.strictObject({ scale: z.number(), offset: z.number().default(0) })

const ColumnName = z.string().min(1).max(128)

/** `category` makes one column of 0 and 1 for each word that occurs, in alphabetical order, or for the words given, in their order. */
const Column = z.union([
  z.enum(['number', 'category', 'skip']),
  z.strictObject({ categories: z.array(z.string().max(128)).min(2).max(10_000) }),
])

export const CsvData = z
  .strictObject({
    format: z.literal('csv'),
    path: DataPath,
    separator: z.enum([',', ';', '\t', ' ', '|']).default(','),
    /** The names of the columns; null: the first line has them. */
    names: z.array(ColumnName).min(2).max(16_384).nullable().default(null),
    /** Words that mean "not known". */
    missing: z.array(z.string().max(32)).max(64).default(['', '?', 'NA', 'N/A', 'NaN', 'nan', 'null']),
    /** `drop` leaves out rows with a missing word in a column that is used. */
    onMissing: z.enum(['refuse', 'drop']).default('refuse'),
    target: ColumnName,
    /** How columns are read that are not plain numbers; the target's entry makes it a number or a class. */
    columns: z.record(ColumnName, Column).default({}),
    /** `zScore` subtracts each column's mean and divides by its standard deviation, both of the training part alone. */
    normalize: z.enum(['none', 'zScore']).default('none'),
  })
  .meta({ id: 'CsvData' })

/**
 * The first axis counts the rows. Features: [rows, features], images [rows, height, width] (of one channel) and [rows, height, width, channels];
 * [rows, steps, features] where the model's first layer states the input shape [steps, features]. Targets: [rows] or [rows, outputs].
 */
export const NpyData = z.strictObject({
  format: z.literal('npy'),
  features: DataPath,
  target: DataPath,
  rescale: Rescale.nullable().default(null),
  normalize: z.enum(['none', 'zScore']).default('none'),
})

/** Names of arrays inside the file. */
export const NpzData = z.strictObject({
  format: z.literal('npz'),
  path: DataPath,
  features: z.string().min(1).max(128).default('x'),
  target: z.string().min(1).max(128).default('y'),
  rescale: Rescale.nullable().default(null),
  normalize: z.enum(['none', 'zScore']).default('none'),
})

/** The MNIST family's files, compressed with gzip or not. Bytes become [0, 1] unless told otherwise. */
export const IdxData = z.strictObject({
  format: z.literal('idx'),
  images: DataPath,
  labels: DataPath,
  rescale: Rescale.default({ scale: 1 / 255, offset: 0 }),
  /** Black pixels added on each side, before rescaling. */
  pad: z.int().min(0).max(64).default(0),
  /** 3 gives each grey value three times. */
  channels: z.union([z.literal(1), z.literal(3)]).default(1),
  classNames: z.array(z.string().max(64)).max(256).nullable().default(null),
})

/** The binary files of https://www.cs.toronto.edu/~kriz/cifar.html: 1 label byte and 3,072 bytes in planes of red, green, blue. */
export const Cifar10Data = z.strictObject({
  format: z.literal('cifar10'),
  files: z.array(DataPath).min(1).max(64),
  rescale: Rescale.default({ scale: 1 / 255, offset: 0 }),
})

/** Fuel consumption of 392 cars of 1970 to 1982, with one-hot origin and z-scores, as in the tutorial. Travels with the worker. */
export const AutoMpgData = z.strictObject({ format: z.literal('auto-mpg') })

export const Data = z
  .discriminatedUnion('format', [CsvData, NpyData, NpzData, IdxData, Cifar10Data, AutoMpgData])
  .meta({ id: 'Data' })
export type Data = z.infer<typeof Data>
export type CsvData = z.infer<typeof CsvData>
export type NpyData = z.infer<typeof NpyData>
export type NpzData = z.infer<typeof NpzData>
export type IdxData = z.infer<typeof IdxData>
export type Cifar10Data = z.infer<typeof Cifar10Data>

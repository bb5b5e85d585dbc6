// What to train: the part of a request that travels to the node inside spec.json and nowhere else.
import { z } from 'zod'
import { LossName, MetricName, Optimizer } from './compile.ts'
import { Data, DataPath } from './data.ts'
import { Sha256 } from './names.ts'
import { Net } from './net.ts'

/**
 * `auto` takes the best rung that works: with GPUs one that uses them, or the job fails; `any` lets a job with GPUs slide to a rung
 * without. A named one is used, or the job fails and says why.
 */
export const BACKENDS = ['tfjs-node-gpu', 'tfjs-node', 'webgpu', 'simd', 'wasm', 'cpu'] as const
export const Backend = z.enum(['auto', 'any', ...BACKENDS])
export type Backend = z.infer<typeof Backend>

/** The widest count that the record, the queue and the page are built for. */
export const MAX_EPOCHS = 100_000

const Epochs = z.int().min(1).max(MAX_EPOCHS)
/** numpy's legacy generator takes 32 bits. */
const Seed = z.int().min(0).max(0xffff_ffff)

const everyTraining = { seed: Seed.default(0), backend: Backend.default('auto') }

/** Exercise 1 of the tutorial in its three forms, which come to the same: by hand, by automatic gradients, by an optimizer. */
const LinearRegression = z.strictObject({
  kind: z.literal('preset'),
  preset: z.literal('linear-regression'),
  epochs: Epochs.default(1000),
  form: z.enum(['manual', 'autograd', 'optimizer']).default('manual'),
  ...everyTraining,
})
/** Exercise 2: which rows train is drawn as pandas draws `sample(frac=trainFraction, random_state=splitSeed)`. */
const AutoMpg = z.strictObject({
  kind: z.literal('preset'),
  preset: z.literal('auto-mpg'),
  epochs: Epochs.default(1000),
  trainFraction: z.number().min(0.05).max(0.95).default(0.8),
  splitSeed: Seed.default(0),
  ...everyTraining,
})
/** Exercise 3's network on Debian's dataset-fashion-mnist, padded to 32 × 32 × 3. */
const FashionMnist = z.strictObject({
  kind: z.literal('preset'),
  preset: z.literal('fashion-mnist'),
  epochs: Epochs.default(2),
  /** The folder of the four files on the nodes. */
  directory: DataPath.default('/usr/share/datasets/fashion-mnist'),
  ...everyTraining,
})
/** Exercise 3: the folder holds data_batch_1.bin to data_batch_5.bin and test_batch.bin. */
const Cifar10 = z.strictObject({
  kind: z.literal('preset'),
  preset: z.literal('cifar10'),
  epochs: Epochs.default(2),
  directory: DataPath,
  ...everyTraining,
})

export const PresetTraining = z
  .discriminatedUnion('preset', [LinearRegression, AutoMpg, FashionMnist, Cifar10])
  .meta({ id: 'PresetTraining' })
export type PresetTraining = z.infer<typeof PresetTraining>

export const PRESETS = ['linear-regression', 'auto-mpg', 'fashion-mnist', 'cifar10'] as const
export type Preset = PresetTraining['preset']

/** A value of an epoch, such as `val_loss`; `mode` auto: whatever ends in accuracy is better when higher. */
const Monitored = {
  monitor: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, 'is not the name of a value')
    .default('val_loss'),
  mode: z.enum(['auto', 'min', 'max']).default('auto'),
}

/** https://keras.io/api/callbacks/early_stopping */
const EarlyStopping = z.strictObject({
  ...Monitored,
  minDelta: z.number().min(0).default(0),
  patience: z.int().min(0).default(0),
  baseline: z.number().nullable().default(null),
  restoreBestWeights: z.boolean().default(false),
  startFromEpoch: z.int().min(0).default(0),
})

export const ModelTraining = z
  .strictObject({
    kind: z.literal('model'),
    data: Data,
    /** Which rows of `data` are the training part, as pandas' sample draws them; the others are the test part. null: all train. */
    split: z
      .strictObject({ trainFraction: z.number().min(0.05).max(0.95).default(0.8), splitSeed: Seed.default(0) })
      .nullable()
      .default(null),
    /** Evaluated once, after the last epoch. */
    testData: Data.nullable().default(null),
    /** The last rows of the training part, set apart before anything is shuffled, as Keras does. */
    validationSplit: z.number().min(0).max(0.95).default(0),
    validationData: Data.nullable().default(null),
    model: Net,
    optimizer: Optimizer,
    loss: LossName,
    metrics: z.array(MetricName).max(16).default([]),
    /** The last layer gives logits. null: yes where neither softmax nor sigmoid ends the net and the loss is a cross-entropy. */
    fromLogits: z.boolean().nullable().default(null),
    epochs: Epochs,
    batchSize: z.int().min(1).max(65_536).default(32),
    shuffle: z.boolean().default(true),
    /** Factors of the loss by class, `"0"`, `"1"` …; a class that is not named has 1. */
    classWeights: z
      .record(z.string().regex(/^[0-9]{1,6}$/, 'is not the number of a class'), z.number().min(0))
      .nullable()
      .default(null),
    earlyStopping: EarlyStopping.nullable().default(null),
    /** The weights of the best epoch are those that the training leaves. */
    bestWeights: z.strictObject(Monitored).nullable().default(null),
    /**
     * Of each batch, for the engine `simd`: as many threads as the job has CPUs work on them. The last bits of the weights depend
     * on this number and on nothing else, so it belongs to the request. Worth it for batches of 16 and more.
     */
    shares: z.int().min(1).max(64).default(1),
    ...everyTraining,
  })
  .refine(({ split, testData }) => split === null || testData === null, {
    path: ['testData'],
    message: 'cannot be given together with split, which makes the test part',
  })
  .refine(({ validationSplit, validationData }) => validationSplit === 0 || validationData === null, {
    path: ['validationData'],
    message: 'cannot be given together with validationSplit',
  })
  .meta({ id: 'ModelTraining' })
export type ModelTraining = z.infer<typeof ModelTraining>

/** What the worker can train. */
export const WorkerTraining = z.discriminatedUnion('kind', [PresetTraining, ModelTraining])
export type WorkerTraining = z.infer<typeof WorkerTraining>

/** A file that a training was fed with. sha256 null: it was larger than is read only to be hashed. */
export const DataDigest = z.strictObject({
  path: DataPath,
  bytes: z.int().min(0),
  sha256: Sha256.nullable(),
})
export type DataDigest = z.infer<typeof DataDigest>

/** What the files of a command may have together, in bytes of UTF-8. */
export const COMMAND_LIMITS = { files: 200, bytes: 524_288, arguments: 256 } as const

const FilePath = z
  .string()
  .max(200)
  .regex(
    /^(?!.*(?:^|\/)\.{1,2}(?:\/|$))[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/,
    'is not a relative path of letters, digits, ".", "_" and "-"',
  )
/** No NUL: it ends an argument. */
const Argument = z
  .string()
  .max(16_384)
  .regex(/^[^\0]*$/, 'has a NUL in it')

/**
 * A program of one's own, run in the run's own folder, with the job's environment first on its PATH. It may report epochs: a JSON
 * object a line, such as `{"epoch": 0, "loss": 0.31}`, appended to the file that TROTLINE_EPOCHS names.
 */
export const CommandTraining = z
  .strictObject({
    kind: z.literal('command'),
    /** argv: no shell reads it. */
    command: z.array(Argument).min(1).max(COMMAND_LIMITS.arguments),
    /** Laid into the folder that the program starts in: its code. */
    files: z
      .record(FilePath, z.string().max(COMMAND_LIMITS.bytes))
      .refine(files => Object.keys(files).length <= COMMAND_LIMITS.files, `has more than ${COMMAND_LIMITS.files} files`)
      .refine(
        files => Object.values(files).reduce((sum, text) => sum + Buffer.byteLength(text), 0) <= COMMAND_LIMITS.bytes,
        `has more than ${COMMAND_LIMITS.bytes} bytes in all`,
      )
      .default({}),
    /** Added to the program's environment. What Slurm, the loader and this service set there cannot be set. */
    env: z
      .record(
        z
          .string()
          .regex(
            /^(?!SLURM|SBATCH|TROTLINE|LD_|CONDA|BASH_ENV$|ENV$|PATH$|HOME$|USER$|SHELL$)[A-Za-z_][A-Za-z0-9_]{0,63}$/,
            'is not the name of a variable that may be set',
          ),
        Argument,
      )
      .refine(env => Object.keys(env).length <= 64, 'has more than 64 variables')
      .default({}),
    /** Files that it reads: their digests are recorded, and a rerun asks for the same. */
    data: z.array(DataPath).max(64).default([]),
    /** How many epochs it means to report; null: it is not known. */
    epochs: Epochs.nullable().default(null),
    /** TROTLINE_SEED and PYTHONHASHSEED. */
    seed: Seed.default(0),
  })
  .meta({ id: 'CommandTraining' })
export type CommandTraining = z.infer<typeof CommandTraining>

export const Training = z.discriminatedUnion('kind', [PresetTraining, ModelTraining, CommandTraining])
export type Training = z.infer<typeof Training>

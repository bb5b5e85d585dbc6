// What a training leaves in its run's `artifacts/`, besides its model in tfjs's own format (model.json, weights.bin): everything
// that the tutorial plots can be drawn from these files. JSON has no NaN: such a number is null.
import { z } from 'zod'
import { EpochLine, RunId } from './epoch.ts'

export const ARTIFACTS = {
  /** `tf.loadLayersModel` opens it; it names weights.bin beside it. */
  model: 'model.json',
  weights: 'weights.bin',
  graph: 'model-graph.json',
  history: 'history.json',
  evaluation: 'evaluation.json',
} as const

/** history.json: every epoch of the record, each from the run that counts for it. */
export const History = z.strictObject({
  v: z.literal(1),
  epochs: z.array(EpochLine.extend({ run: RunId })),
})
export type History = z.infer<typeof History>

/** model-graph.json: layers and what flows between them, the input among them. Shapes are without the batch. */
export const ModelGraph = z.strictObject({
  v: z.literal(1),
  nodes: z.array(
    z.strictObject({
      name: z.string(),
      /** Keras's class; InputLayer for the input. */
      type: z.string(),
      outputShape: z.array(z.int().min(0)),
      params: z.int().min(0),
    }),
  ),
  edges: z.array(z.strictObject({ from: z.string(), to: z.string() })),
})
export type ModelGraph = z.infer<typeof ModelGraph>

const Value = z.number().nullable()
const Row = z.int().min(0)
const Part = z.enum(['test', 'validation', 'training'])

/** As numpy's histogram: bin i holds edges[i] ≤ value < edges[i + 1], the last one its upper edge too. */
const Histogram = z.strictObject({ edges: z.array(z.number()), counts: z.array(z.int().min(0)) })

const Line = z.strictObject({ a: Value, b: Value })
const Points = z.strictObject({ x: z.array(z.number()), y: z.array(z.number()) })

/** evaluation.json: what the trained model makes of the part of the data that it was not trained on. */
export const Evaluation = z.discriminatedUnion('kind', [
  z.strictObject({
    v: z.literal(1),
    kind: z.literal('regression'),
    part: Part,
    /** Of the part; of its rows at most 10,000, evenly spread, are among the pairs. */
    rows: Row,
    /** One for each number that the net gives for a row, at most 16. */
    outputs: z.array(
      z.strictObject({
        /** Row numbers of the part, and what stands there. */
        pairs: z.strictObject({ row: z.array(Row), true: z.array(Value), predicted: z.array(Value) }),
        /** Predicted less true, of all rows; null: one of them is not finite. */
        errors: Histogram.nullable(),
      }),
    ),
  }),
  z.strictObject({
    v: z.literal(1),
    kind: z.literal('classification'),
    part: Part,
    rows: Row,
    /** Right answers, 0 to 1. */
    accuracy: z.number(),
    classes: z.array(
      z.strictObject({
        name: z.string(),
        rows: Row,
        /** Of these rows; null: the part has none. */
        accuracy: z.number().nullable(),
      }),
    ),
    /** Rows by true class (outer) and predicted class; null: more than 256 classes. */
    confusion: z.array(z.array(Row)).nullable(),
    /** Rows evenly spread over the part. */
    samples: z.array(
      z.strictObject({
        row: Row,
        true: z.int().min(0),
        predicted: z.int().min(0),
        /** Of each class; of more than 256 classes none. */
        probabilities: z.array(Value),
        /** Where the features are an image: height × width × channels bytes, row by row, base64; 0 is the samples' lowest value. */
        image: z.strictObject({ height: z.int(), width: z.int(), channels: z.int(), pixels: z.base64() }).nullable(),
      }),
    ),
  }),
  z.strictObject({
    v: z.literal(1),
    kind: z.literal('line'),
    training: Points,
    validation: Points,
    /** y = a + b·x. */
    start: Line,
    end: Line,
    leastSquares: Line,
  }),
])
export type Evaluation = z.infer<typeof Evaluation>

/** Of a file, by its name. Only what can do no harm in a browser has a type of its own. */
export function artifactType(path: string): string {
  if (path.endsWith('.json')) return 'application/json'
  if (path.endsWith('.png')) return 'image/png'
  if (path.endsWith('.csv')) return 'text/csv; charset=utf-8'
  return path.endsWith('.txt') || path.endsWith('.log') ? 'text/plain; charset=utf-8' : 'application/octet-stream'
}

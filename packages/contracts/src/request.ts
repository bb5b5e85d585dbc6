// POST /v1/jobs: what a person asks for. Unknown fields are refused at every depth.
import { z } from 'zod'
import { EnvironmentVersion, SpecInput } from './environment-views.ts'
import { ClusterName, JobName, LabelKey, LabelValue, Sha256 } from './names.ts'
import { expandPreset } from './presets.ts'
import { Resources } from './resources.ts'
import { type ModelTraining, Training } from './training.ts'

export const EnvironmentChoice = z.union([
  z.strictObject({ lock: Sha256 }),
  z.strictObject({ spec: SpecInput }),
  z.strictObject({ name: EnvironmentVersion }),
])

export const MAX_LABELS = 16

export const JobRequest = z
  .strictObject({
    name: JobName,
    cluster: ClusterName,
    resources: Resources,
    labels: z
      .record(LabelKey, LabelValue)
      .refine(labels => Object.keys(labels).length <= MAX_LABELS, `has more than ${MAX_LABELS} labels`)
      .default({}),
    environment: EnvironmentChoice.nullable().default(null),
    training: Training,
  })
  .meta({ id: 'JobRequest' })
/** Expanded: every default filled in. */
export type JobRequest = z.infer<typeof JobRequest>

/** What a preset stands for; null where the request says everything itself, and of linear regression, which is no net. */
export const expandedOf = ({ training }: Pick<JobRequest, 'training'>): ModelTraining | null =>
  training.kind === 'preset' ? expandPreset(training) : null

/** At least 1, as a share is taken of it. */
export const epochsAskedFor = ({ training }: Pick<JobRequest, 'training'>): number => training.epochs ?? 1

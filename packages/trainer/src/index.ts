// The trainer: one call, fit(), trains a request to its end, its failure or its stop. It knows no Redis, SSH, HTTP or settings.
export type { NewArtifact } from './artifacts/artifact.ts'
export { ASSETS, type Asset, copyAssets } from './assets.ts'
export { type Checkpoint, decodeCheckpoint } from './checkpoint.ts'
export { type FitOptions, type FitOutcome, fit, type Start } from './fit.ts'
export type { TakenCheckpoint } from './loop.ts'
export type { Progress } from './trainable.ts'

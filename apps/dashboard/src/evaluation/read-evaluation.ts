// A job's own evaluation.json: a file of the training's, of the contract's form, which the API hands on as it lies there.
import type { Evaluation } from '@trotline/contracts'
import { client } from '../api/client.ts'

export async function readEvaluation(id: string, signal: AbortSignal): Promise<Evaluation> {
  const path = { id, path: 'evaluation.json' }
  const { data } = await client.text('/v1/jobs/{id}/artifacts/{path}', { path, signal })
  return JSON.parse(data) as Evaluation
}

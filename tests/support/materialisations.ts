// A lock on a cluster as REST shows it, whole, with what a test cares about put over.
import type { Materialisation } from '@trotline/contracts'
import { AT, sha256 } from './job-records.ts'

export const materialisation = (over: Partial<Materialisation> = {}): Materialisation => ({
  cluster: 'local',
  lock: sha256('lock'),
  state: 'ready',
  form: 'tree',
  detail: '',
  step: null,
  progress: null,
  installer: null,
  trouble: null,
  look: null,
  prefix: null,
  bytes: null,
  files: null,
  attempt: 1,
  wantedAt: AT,
  at: AT,
  madeAt: null,
  lastUsedAt: null,
  jobs: 0,
  ...over,
})

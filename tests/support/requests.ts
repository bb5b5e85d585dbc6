// Requests that stories send. Small, complete, and without a GPU: the local cluster's GPUs are made up.

export interface RequestOptions {
  preset?: 'auto-mpg' | 'linear-regression'
  epochs?: number
  seed?: number
  backend?: 'auto' | 'simd' | 'wasm' | 'cpu'
  resources?: Record<string, unknown>
}

export function request({
  preset = 'auto-mpg',
  epochs = 60,
  seed = 0,
  backend = 'auto',
  resources = {},
}: RequestOptions = {}) {
  return {
    name: preset,
    cluster: 'local',
    resources: { partition: 'shared', cpus: 1, memoryMiB: 1024, timeLimitMinutes: 10, ...resources },
    training: { kind: 'preset', preset, epochs, seed, backend },
  }
}

/** Long enough to be interrupted: the cpu backend takes tens of milliseconds an epoch. */
export const slowRequest = (epochs = 200, resources: Record<string, unknown> = {}) =>
  request({ epochs, backend: 'cpu', resources })

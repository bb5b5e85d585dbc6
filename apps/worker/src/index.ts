// The worker as a value, for whoever runs it inside another process. The process itself is main.ts.
export type { RunOrder, RunParts } from './parts.ts'
export { run } from './run.ts'

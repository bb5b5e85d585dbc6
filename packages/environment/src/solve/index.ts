// Solving: for a thread of its own, since loading the solver changes globals and solving blocks.
export { conflictOf } from './conflict.ts'
export { loadRattler, type Rattler } from './rattler.ts'
export type { Channel } from './reachable.ts'
export type { RepodataRecord, RepodataSource } from './repodata-source.ts'
export { type Choice, chooseConda, lockOf, type SolveOptions, type SolveOrder, type Solving } from './solve.ts'
export type { WasmModule } from './webassembly.ts'

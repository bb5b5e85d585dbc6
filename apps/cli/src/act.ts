// How a command meets the process: each command declares its grammar and hands its work to `act`,
// which builds the context and keeps the exit code.
import type { Context } from './context.ts'
import type { ExitCode } from './exit-codes.ts'

export type Act = <Args extends unknown[]>(
  work: (context: Context, ...args: Args) => Promise<ExitCode>,
) => (...args: Args) => Promise<void>

// What other rooms may know of the command line: how its exit codes read. Everything else is behind the command itself.
export { EXIT, EXIT_MEANINGS, type ExitCode } from './exit-codes.ts'

// The commands that look after what was made: `<command> <root> <lock id> …` in, one line of JSON out. What is wrong is a line of JSON as
// well, with its sentence, and exit code 1.
import { Sha256 } from '@trotline/contracts'
import { isFileSystemError } from '../durable-file.ts'
import { troubleOf } from './build-failure.ts'
import { LookTrouble } from './made-files.ts'

export type Out = (text: string) => void

/** As `environment.mjs` exits. */
export const COMMAND_EXIT = { done: 0, failed: 1, misused: 64 } as const

/** @throws a bug of ours; what the file system or the environment refuses is printed */
export async function commandOn(
  args: readonly string[],
  out: Out,
  what: (root: string, lockId: string, rest: readonly string[]) => Promise<unknown>,
): Promise<number> {
  const [root = '', lockId = '', ...rest] = args
  if (!root.startsWith('/') || !Sha256.safeParse(lockId).success) {
    print(out, {
      problem: 'An absolute path and the id of a lock, 64 hexadecimal digits, are what this command takes.',
    })
    return COMMAND_EXIT.misused
  }
  return answer(out, () => what(root, lockId, rest))
}

export async function answer(out: Out, what: () => Promise<unknown>): Promise<number> {
  try {
    print(out, await what())
    return COMMAND_EXIT.done
  } catch (error) {
    if (error instanceof LookTrouble) print(out, { problem: error.message, code: error.code })
    else if (isFileSystemError(error))
      print(out, { problem: `The file system refuses: ${error.message}.`, code: 'storage' })
    else {
      const { code, detail } = troubleOf(error)
      if (code === 'died') throw error
      print(out, { problem: detail, code })
    }
    return COMMAND_EXIT.failed
  }
}

const print = (out: Out, value: unknown): void => out(`${JSON.stringify(value)}\n`)

// Several jobs on one line. Each is tried, whatever becomes of the one before; one that is named twice is done once.
// The exit code is that of the first on the line which is not 0: a script that has to know more reads the lines.
import { complainOf } from './complain.ts'
import type { Context } from './context.ts'
import { CliError } from './errors.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { findJob } from './find-job.ts'

/** Of several codes in the order of the line. */
export const exitOfSeveral = (exits: readonly ExitCode[]): ExitCode =>
  exits.find(exit => exit !== EXIT.done) ?? EXIT.done

/**
 * @param failed what is said of one that did not work, such as "Not cancelled"; null: nothing besides the error
 * @throws CliError of the only one; of several what is true of all: nobody answers, the token is not taken, Ctrl-C
 */
export async function each(
  context: Pick<Context, 'out'>,
  words: readonly string[],
  failed: string | null,
  work: (word: string) => Promise<ExitCode>,
): Promise<ExitCode> {
  const exits: ExitCode[] = []
  for (const [at, word] of words.entries()) {
    try {
      exits.push(await work(word))
    } catch (error) {
      if (!(error instanceof CliError) || error.code === 'INTERRUPTED') throw error
      const named = failed === null ? error : error.with({ failed: `${failed}: ${word}` })
      if (words.length === 1) throw named
      if (isOfAll(error)) throw withRest(named, words.slice(at + 1))
      complainOf(context.out, named)
      exits.push(error.exit)
    }
  }
  return exitOfSeveral(exits)
}

/** The same for JOBs as they are typed. */
export function eachJob(
  context: Context,
  words: readonly string[],
  failed: string | null,
  work: (id: string, word: string) => Promise<ExitCode>,
): Promise<ExitCode> {
  const done = new Set<string>()
  return each(context, words, failed, async word => {
    const id = await findJob(context, word)
    if (done.has(id)) return EXIT.done
    done.add(id)
    return work(id, word)
  })
}

const isOfAll = (error: CliError): boolean =>
  error.problem === undefined ? error.transient || error.exit === EXIT.denied : error.problem.status === 401

const withRest = (error: CliError, rest: readonly string[]): CliError =>
  rest.length === 0
    ? error
    : error.with({ facts: [...(error.options.facts ?? []), `Not tried any more: ${rest.slice(0, 20).join(', ')}`] })

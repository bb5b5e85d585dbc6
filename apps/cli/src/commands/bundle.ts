// trotline bundle: a job as one archive: request, lock, script, versions, digests and result. trotline rerun takes it anywhere.
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { Act } from '../act.ts'
import type { Context } from '../context.ts'
import { CliError } from '../errors.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { findJob } from '../find-job.ts'
import { withExamples } from '../help.ts'
import { nextText } from '../text/ending-text.ts'
import { bytes } from '../text/figures.ts'

export function declareBundle(program: Command, act: Act): void {
  const command = program
    .command('bundle')
    .description('writes all that made a job what it was into one archive')
    .argument('<JOB>', 'id, name, beginning of an id, or last')
    .option('-o, --output <file>', 'where to; - is stdout (default: trotline-ID.tgz, and stdout in a pipe)')
    .action(act(bundle))
  withExamples(command, [
    ['trotline bundle k3v9', ''],
    ['trotline bundle k3v9 -o paper/figure-2.tgz', ''],
    ['trotline rerun paper/figure-2.tgz --cluster bluecrab --partition gpu', 'a year later, elsewhere'],
  ])
}

async function bundle(context: Context, wanted: string, options: { output?: string }): Promise<ExitCode> {
  const { client, out } = context
  const id = await findJob(context, wanted)
  const archive = await client.reruns.bundle(id)
  // With --json stdout is the answer's, and an archive is none.
  const file = options.output ?? (out.answerIsTerminal || out.json ? `trotline-${id}.tgz` : '-')
  if (file === '-') {
    if (out.json)
      throw new CliError('USAGE', 'With --json the archive goes to a file: name it with --output.', {
        failed: 'Not written',
      })
    if (out.answerIsTerminal)
      throw new CliError('USAGE', 'An archive is nothing to look at: this is a terminal.', {
        failed: 'Not written',
        fix: [`trotline bundle ${id} > ${id}.tgz`],
      })
    await out.answerBytes(archive)
    return EXIT.done
  }
  await written(resolve(context.cwd, file), archive)
  if (out.json) await out.answerLine({ file, bytes: archive.length })
  else if (!out.quiet)
    await out.answer(out.answerIsTerminal ? `Written  ${file}  ${bytes(archive.length)}\n` : `${file}\n`)
  out.say(nextText([`trotline rerun ${file}`], out.sayStyle))
  return EXIT.done
}

/** Never over a file that is there. */
async function written(file: string, archive: Uint8Array): Promise<void> {
  try {
    await writeFile(file, archive, { flag: 'wx' })
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    const why: Record<string, string> = {
      EEXIST: 'it is there already',
      ENOENT: 'there is no such folder',
      EACCES: 'you may not write there',
      ENOSPC: 'the disk is full',
    }
    throw new CliError('USAGE', `${file} cannot be written: ${why[code] ?? code}.`, {
      failed: 'Not written',
      ...(code === 'EEXIST' ? { fix: ['Name another: --output FILE'] } : {}),
    })
  }
}

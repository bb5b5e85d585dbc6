// The grammar: global flags anywhere on the line, a verb, its own flags. Each command declares itself in commands/.
import { Command } from 'commander'
import type { Act } from './act.ts'
import { declareArtifacts } from './commands/artifacts.ts'
import { declareBundle } from './commands/bundle.ts'
import { declareCancel } from './commands/cancel.ts'
import { declareCheck } from './commands/check.ts'
import { declareClusters } from './commands/clusters.ts'
import { declareCompletion } from './commands/completion.ts'
import { declareConfig } from './commands/config.ts'
import { declareJobDiff } from './commands/diff.ts'
import { declareDoctor } from './commands/doctor.ts'
import { declareEnv } from './commands/env/env.ts'
import { declareEpochs } from './commands/epochs.ts'
import { declareExplain } from './commands/explain.ts'
import { declareList, wholeNumber } from './commands/list.ts'
import { declareLogin } from './commands/login.ts'
import { declareLogs } from './commands/logs.ts'
import { declareOpen } from './commands/open.ts'
import { declareRelease } from './commands/release.ts'
import { declareRerun } from './commands/rerun.ts'
import { declareScript } from './commands/script.ts'
import { declareShow } from './commands/show.ts'
import { declareSubmit } from './commands/submit.ts'
import { declareSuggest } from './commands/suggest.ts'
import { declareWait } from './commands/wait.ts'
import { declareWebhooks } from './commands/webhooks/webhooks.ts'
import { declareWhy } from './commands/why.ts'
import { formatHelp, withExamples } from './help.ts'
import { version } from './version.ts'

/** @param write where help goes; usage errors are thrown (CommanderError), see main.ts. */
export function createProgram(act: Act, write: (text: string) => void): Command {
  const program = new Command('trotline')
    .description('trotline runs training jobs on a Slurm cluster: submit, follow, look at what came out.')
    .usage('COMMAND [options]')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'help for any command')
    .option('--json', 'the REST objects as they are; one a line where it streams')
    .option('-q, --quiet', 'ids only, or nothing')
    .option('--no-color', 'plain text on a terminal')
    .option('--url <url>', 'the server (default: TROTLINE_URL)')
    .option('--token-file <file>', 'a file of mode 0600 with the token (default: TROTLINE_TOKEN)')
    .option('--patience <seconds>', 'how long a lost connection is tried again (default: 60)', wholeNumber)
    .configureHelp({ formatHelp, sortSubcommands: false })
    .configureOutput({ writeOut: write, writeErr: () => {} })
    .helpCommand('help [command]', 'help for a command')
    .showSuggestionAfterError(true)
    .exitOverride()
  withExamples(program, [
    ['trotline submit auto-mpg.yml --follow', 'send a request and see it through'],
    ['trotline list', 'the newest jobs'],
    ['trotline logs last --follow', 'what the newest one writes'],
    ['trotline cancel k3v9', 'four characters of an id are enough'],
  ])
  declareSubmit(program, act)
  declareCheck(program, act)
  declareSuggest(program, act)
  declareExplain(program, act)
  declareList(program, act)
  declareShow(program, act)
  declareWhy(program, act)
  declareWait(program, act)
  declareLogs(program, act)
  declareEpochs(program, act)
  declareScript(program, act)
  declareJobDiff(program, act)
  declareOpen(program, act)
  declareCancel(program, act)
  declareRelease(program, act)
  declareRerun(program, act)
  declareArtifacts(program, act)
  declareBundle(program, act)
  declareEnv(program, act)
  declareClusters(program, act)
  declareWebhooks(program, act)
  declareLogin(program, act)
  declareConfig(program, act)
  declareCompletion(program, act)
  declareDoctor(program, act)
  return program
}

// trotline env show: one environment, what its nodes must offer, and where it is made.
import type { Command } from 'commander'
import type { Act } from '../../act.ts'
import type { Context } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
import { withExamples } from '../../help.ts'
import { environmentFacts, nameOf, troubleLines } from '../../text/environment-text.ts'
import { tabbed } from '../../text/table.ts'
import { withEnvironment } from './argument.ts'

export function declareEnvShow(env: Command, act: Act): void {
  const command = withEnvironment(env.command('show'))
    .description('shows one environment: packages, needs, clusters')
    .option('--spec', 'print the spec that it was solved from')
    .action(act(show))
  withExamples(command, [
    ['trotline env show ml', 'the newest version'],
    ['trotline env show ml@2 --spec > environment.yml', ''],
  ])
}

async function show({ client, out }: Context, wanted: string, options: { spec?: boolean }) {
  const { environment, now } = await client.environments.show(wanted)
  if (options.spec === true) {
    if (environment.spec === null) out.say(`${wanted} came as a lock: trotline env lock ${wanted}`)
    else await out.answer(environment.spec.endsWith('\n') ? environment.spec : `${environment.spec}\n`)
    return environment.spec === null ? EXIT.absent : EXIT.done
  }
  if (out.json) await out.answerLine(environment)
  else if (out.quiet) await out.answer(`${environment.id}\n`)
  else if (!out.answerIsTerminal) {
    const rows = environmentFacts(environment, now).map(({ label, text, full }) => [label, full ?? text])
    await out.answer(tabbed([{ title: 'FIELD' }, { title: 'VALUE' }], rows))
  } else {
    const style = out.answerStyle
    const facts = environmentFacts(environment, now)
    const width = Math.max(8, ...facts.map(({ label }) => label.length))
    const lines = [
      style.bold(nameOf(environment)),
      ...facts.map(({ label, text }) => `  ${style.dim(label.padEnd(width))}  ${text}`),
      ...environment.on
        .filter(({ state }) => state === 'failed' || state === 'quarantined')
        .flatMap(one => ['', `${style.bad(one.state)} on ${one.cluster}`, ...troubleLines(one, style)]),
    ]
    await out.answer(`${lines.join('\n')}\n`)
  }
  return EXIT.done
}

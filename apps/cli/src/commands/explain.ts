// trotline explain: what a word in an answer means, why it comes, what cures it. The text is the guide's; no server is asked.
import { allExplanations, EXPLAINED_KINDS, type Explanation, explain } from '@trotline/contracts/explained'
import type { Command } from 'commander'
import type { Act } from '../act.ts'
import type { Context } from '../context.ts'
import { CliError } from '../errors.ts'
import { EXIT } from '../exit-codes.ts'
import { withExamples } from '../help.ts'
import type { Style } from '../text/style.ts'
import { tabbed, table } from '../text/table.ts'
import { wrap } from '../text/wrap.ts'

export function declareExplain(program: Command, act: Act): void {
  const command = program
    .command('explain')
    .description('explains the code of an error, why a job failed, or a rule of compatibility')
    .argument('[CODE...]', 'such as incompatible, SSH_LOST, out-of-memory, no-kernel-image; none lists all')
    .action(act(explainCodes))
  withExamples(command, [
    ['trotline explain incompatible', ''],
    ['trotline explain driver-too-old no-kernel-image', 'rules of a verdict'],
    ['trotline explain', 'every word that there is'],
  ])
}

async function explainCodes({ out }: Context, words: readonly string[]) {
  // A verdict joins the rules that pass: driver-native+cubin.
  const asked = words.flatMap(word => word.split('+')).filter(word => word !== '')
  const found = asked.map(word => ({ word, is: explain(word) }))
  const unknown = found.find(({ is }) => is.length === 0)
  if (unknown !== undefined) throw notKnown(unknown.word)
  const told = words.length === 0 ? allExplanations() : found.flatMap(({ is }) => is)
  if (out.json) await out.answerLine({ items: told })
  else if (out.quiet) return EXIT.done
  else if (out.answerIsTerminal && words.length > 0)
    await out.answer(`${told.map(one => explanationText(one, out.answerStyle, out.width())).join('\n')}`)
  else {
    const columns = [{ title: 'CODE' }, { title: 'IS' }, { title: 'TITLE', flexible: true }]
    const rows = told.map(({ code, kind, title }) => [code, EXPLAINED_KINDS[kind], title])
    const more = told.map(({ cause, cure }, at) => [...(rows[at] ?? []), cause, cure])
    await out.answer(
      out.answerIsTerminal
        ? table(columns, rows, out.width(), out.answerStyle)
        : tabbed([...columns, { title: 'CAUSE' }, { title: 'CURE' }], more),
    )
  }
  return EXIT.done
}

function explanationText({ code, kind, title, cause, cure }: Explanation, style: Style, width: number): string {
  return [
    `${style.bold(code)}  ${style.dim(EXPLAINED_KINDS[kind])}`,
    ...wrap(`${title}.`, width, '  '),
    '',
    ...wrap(cause, width, '  '),
    '',
    ...wrap(`To do: ${cure}`, width),
    '',
  ].join('\n')
}

function notKnown(word: string): CliError {
  const parts = new Set(word.toLowerCase().split(/[-_]/))
  const shared = (code: string): number =>
    code
      .toLowerCase()
      .split(/[-_]/)
      .filter(part => parts.has(part)).length
  const near = allExplanations()
    .map(({ code }) => ({ code, shared: shared(code) }))
    .filter(one => one.shared > 0)
    .sort((a, b) => b.shared - a.shared)
    .map(({ code }) => code)
  return new CliError('USAGE', `"${word}" is no word that an answer of Trotline carries.`, {
    facts: near.length === 0 ? [] : [`Did you mean ${near.slice(0, 6).join(', ')}?`],
    fix: ['trotline explain lists all.'],
  })
}

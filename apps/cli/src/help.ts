// Help that begins with examples, because that is what people read. The layout of every --help.
import type { Command, Help } from 'commander'
import { EXIT_MEANINGS, EXIT_OF_SEVERAL } from './exit-codes.ts'

export type Example = readonly [command: string, says: string]

const examples = new WeakMap<Command, readonly Example[]>()

export function withExamples(command: Command, list: readonly Example[]): void {
  examples.set(command, list)
}

export function formatHelp(command: Command, helper: Help): string {
  const isRoot = command.parent === null
  const sections = [
    `${helper.commandDescription(command)}\n`,
    section(
      'Examples',
      (examples.get(command) ?? []).map(([line, says]) => [`$ ${line}`, says] as const),
    ),
    section('Usage', [[helper.commandUsage(command), '']]),
    section(
      'Commands',
      rows(helper.visibleCommands(command), one => [usageOf(one), one.description()] as const),
    ),
    section(
      isRoot ? 'Everywhere' : 'Options',
      rows(helper.visibleOptions(command), one => [one.flags, one.description] as const),
    ),
    isRoot ? section('Exit codes', exitRows()) : '',
    isRoot
      ? section('Settings', [
          ['TROTLINE_URL', 'the server, such as http://127.0.0.1:8080'],
          ['TROTLINE_TOKEN', 'who you are; never a flag, because flags show in ps'],
          ['trotline config', 'all that can be set, in variables and files; trotline login keeps a token'],
          ['HTTPS_PROXY', 'with HTTP_PROXY, NO_PROXY and SSL_CERT_FILE: how the server is reached'],
          ['NO_COLOR', 'plain text; COLUMNS and TERM=dumb are obeyed too'],
          ['TROTLINE_TAB_MS', 'how long completion waits for the server (default: 300; 0: what is known already)'],
          ['. .local/env.sh', 'loads what the quickstart wrote'],
        ])
      : '  -h, --json, -q, --no-color, --url, --token-file, --patience: trotline --help\n',
  ]
  return sections.filter(text => text !== '').join('\n')
}

const rows = <T>(items: readonly T[], row: (item: T) => readonly [string, string]) => items.map(row)

const usageOf = (command: Command): string =>
  [
    command.name(),
    ...command.registeredArguments.map(argument => argument.name() + (argument.variadic ? '…' : '')),
  ].join(' ')

const exitRows = (): [string, string][] => [
  ...Object.entries(EXIT_MEANINGS).map(([code, meaning]): [string, string] => [code.padStart(3), meaning]),
  ['   ', EXIT_OF_SEVERAL],
]

const MAX_LEFT = 44

function section(title: string, lines: readonly (readonly [string, string])[]): string {
  if (lines.length === 0) return ''
  const left = Math.min(MAX_LEFT, Math.max(...lines.map(([name]) => name.length)))
  const body = lines.map(([name, says]) => {
    if (says === '') return `  ${name}`
    return name.length > left ? `  ${name}\n  ${' '.repeat(left)}  ${says}` : `  ${name.padEnd(left)}  ${says}`
  })
  return `${title}\n${body.join('\n')}\n`
}

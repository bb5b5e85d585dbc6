// What the program consists of, as a tree that can be written down: commands, flags, and what each takes. Read by completion alone.
import type { Command } from 'commander'

export type Takes = {
  /** As it is called in --help: JOB, cluster, state. */
  name: string
  /** The only words that fit; empty: any. */
  choices: readonly string[]
}
export type Flag = { names: readonly string[]; says: string; takes: Takes | null }
export type Words = {
  says: string
  commands: Readonly<Record<string, Words>>
  flags: readonly Flag[]
  arguments: readonly (Takes & { many: boolean })[]
}

export function wordsOf(command: Command): Words {
  return {
    says: command.description(),
    commands: Object.fromEntries(command.commands.map(one => [one.name(), wordsOf(one)])),
    flags: command.options
      .filter(({ hidden }) => !hidden)
      .map(({ short, long, description, required, optional, flags, argChoices }) => ({
        names: [short, long].filter(name => name !== undefined),
        says: description,
        takes:
          required || optional
            ? { name: /<([^>]+)>|\[([^\]]+)\]/.exec(flags)?.slice(1).find(Boolean) ?? '', choices: argChoices ?? [] }
            : null,
      })),
    arguments: command.registeredArguments.map(argument => ({
      name: argument.name(),
      many: argument.variadic,
      choices: argument.argChoices ?? [],
    })),
  }
}

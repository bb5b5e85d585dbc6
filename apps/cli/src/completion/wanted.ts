// What could stand where the cursor is. Pure: of the words so far it says which are known at once, and which names are to be looked up.
import type { Name, NameKind } from './name-cache.ts'
import type { Flag, Takes, Words } from './words.ts'

export type Wanted = {
  /** Known at once. */
  words: Name[]
  /** To be looked up. */
  names: NameKind | null
  /** The word that stands for the job whose artifacts are looked up. */
  of: string | null
  /** A file of the person's: the shell knows those better. */
  files: boolean
  /** Stand on the line already. */
  without: readonly string[]
}

const KINDS: Readonly<Record<string, NameKind>> = {
  JOB: 'jobs',
  OTHER: 'jobs',
  'JOB|BUNDLE.tgz': 'jobs',
  CLUSTER: 'clusters',
  cluster: 'clusters',
  partition: 'partitions',
  ENV: 'environments',
  WEBHOOK: 'webhooks',
  PATH: 'artifacts',
}
const FILES = /FILE|BUNDLE|file|dir/

/** @param before the words between `trotline` and the one that is being typed */
export function wantedAt(tree: Words, before: readonly string[], typed: string): Wanted {
  let at = tree
  const path: Words[] = [tree]
  const given: string[] = []
  let awaits: Flag | null = null
  for (const word of before) {
    if (awaits !== null) awaits = null
    else if (word.startsWith('-')) awaits = flagOf(path, word)
    else if (given.length === 0 && at.commands[word] !== undefined) {
      at = at.commands[word]
      path.push(at)
    } else given.push(word)
  }
  if (awaits?.takes) return takenBy(awaits.takes, awaits.names.at(-1) ?? '', path)
  if (typed.startsWith('-')) {
    const flags = path.toReversed().flatMap(({ flags: some }) => some)
    return just(
      flags.flatMap(({ names, says }) => names.filter(name => name.startsWith('--')).map((name): Name => [name, says])),
    )
  }
  if (given.length === 0 && Object.keys(at.commands).length > 0)
    return just(Object.entries(at.commands).map(([name, { says }]): Name => [name, says]))
  const argument = at.arguments[given.length] ?? (at.arguments.at(-1)?.many === true ? at.arguments.at(-1) : undefined)
  if (argument === undefined) return just([])
  const wanted = takenBy(argument, '', path)
  // A file is named once.
  return wanted.names === 'artifacts' ? { ...wanted, of: given[0] ?? null, without: given.slice(1) } : wanted
}

const just = (words: Name[]): Wanted => ({ words, names: null, of: null, files: false, without: [] })

/** A flag that takes a value, and takes the next word for it. */
function flagOf(path: readonly Words[], word: string): Flag | null {
  if (word.includes('=')) return null
  const flag = path.flatMap(({ flags }) => flags).find(({ names }) => names.includes(word))
  return flag?.takes ? flag : null
}

function takenBy({ name, choices }: Takes, flag: string, path: readonly Words[]): Wanted {
  if (choices.length > 0) return just(choices.map((choice): Name => [choice, '']))
  // `env diff ENV OTHER`, and --cluster <name>.
  const inEnvironments = path.some(({ commands }) => commands.build !== undefined)
  const kind = name === 'name' ? KINDS[flag.replace(/^--/, '')] : KINDS[name]
  const names = kind === 'jobs' && inEnvironments && path.length > 2 ? 'environments' : (kind ?? null)
  const last: Name[] = names === 'jobs' ? [['last', 'the newest job']] : []
  return {
    words: last,
    names,
    of: null,
    without: [],
    files: names === null || name.includes('BUNDLE') ? FILES.test(name) : false,
  }
}

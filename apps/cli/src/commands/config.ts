// trotline config: what is set, where it was said, and what stands in the files. Tokens are never among it: trotline login.
import { join } from 'node:path'
import type { Command } from 'commander'
import type { Act } from '../act.ts'
import { PROJECT_FILE, projectFile, setInFile, userFile } from '../configuration/config-file.ts'
import { CONFIG_KEYS, ConfigFile, type ConfigKey, isConfigKey } from '../configuration/config-keys.ts'
import type { Context } from '../context.ts'
import { CliError } from '../errors.ts'
import { EXIT } from '../exit-codes.ts'
import { withExamples } from '../help.ts'
import { type Cell, type Column, tabbed, table } from '../text/table.ts'

const KEYS = Object.keys(CONFIG_KEYS) as ConfigKey[]

export function declareConfig(program: Command, act: Act): void {
  const config = program.command('config').description('shows and changes settings, and says where each comes from')
  withExamples(config, [
    ['trotline config list --origin', 'what counts, and why'],
    ['trotline config set url https://trotline.example.org', 'for all that you do'],
    ['trotline config set cluster bluecrab --project', 'in the trotline.yaml of this project'],
  ])
  const list = config
    .command('list', { isDefault: true })
    .description('shows every setting')
    .option('--origin', 'and the flag, variable or file that said it')
    .action(act(listAll))
  withExamples(list, [['trotline config list --origin', '']])
  const get = config
    .command('get')
    .description('prints one setting')
    .argument('<KEY>', KEYS.join(', '))
    .action(act(getOne))
  withExamples(get, [['trotline config get url', '']])
  const set = config
    .command('set')
    .description('writes a setting to a file; without a value it is taken out')
    .argument('<KEY>', KEYS.join(', '))
    .argument('[VALUE]', '')
    .option('--project', `into ${PROJECT_FILE}, the nearest upwards or here`)
    .action(act(setOne))
  withExamples(set, [
    ['trotline config set url https://trotline.example.org', ''],
    ['trotline config set cluster', 'takes it out again'],
  ])
}

async function listAll({ out, configuration }: Context, options: { origin?: boolean }) {
  const all = KEYS.map(key => ({ key, ...configuration.of(key) }))
  if (out.json) {
    await out.answerLine({ items: all.map(({ key, value = null, origin = null }) => ({ key, value, origin })) })
    return EXIT.done
  }
  const columns: Column[] = [{ title: 'KEY' }, { title: 'VALUE', flexible: true }]
  if (options.origin === true) columns.push({ title: 'FROM', flexible: true })
  const rows = all.map(({ key, value, origin }): Cell[] => [
    key,
    { text: value ?? '-', full: value ?? '' },
    ...(options.origin === true ? [{ text: origin ?? 'not set', full: origin ?? '' }] : []),
  ])
  if (!out.quiet)
    await out.answer(out.answerIsTerminal ? table(columns, rows, out.width(), out.answerStyle) : tabbed(columns, rows))
  return EXIT.done
}

async function getOne({ out, configuration }: Context, key: string) {
  const found = configuration.of(known(key))
  if (out.json) await out.answerLine({ key, value: found?.value ?? null, origin: found?.origin ?? null })
  else if (found !== null) await out.answer(`${found.value}\n`)
  return found === null ? EXIT.absent : EXIT.done
}

async function setOne(context: Context, name: string, value: string | undefined, options: { project?: boolean }) {
  const { out, cwd, settings } = context
  const key = known(name)
  const file = options.project === true ? (projectFile(cwd) ?? join(cwd, PROJECT_FILE)) : userFile(settings.configHome)
  if (options.project === true && key === 'tokenFile') {
    throw new CliError('USAGE', "A project's file may not name a tokenFile.", {
      fix: ['For yourself: trotline config set tokenFile FILE, or trotline login'],
    })
  }
  const written = key === 'patience' && value !== undefined && /^\d+$/.test(value) ? Number(value) : value
  const fits = ConfigFile.safeParse({ [key]: written })
  if (!fits.success) throw new CliError('USAGE', `${key}: ${fits.error.issues[0]?.message}.`)
  if (key === 'url' && value !== undefined && !/^https?:\/\/[^/@\s]+/.test(value)) {
    throw new CliError('USAGE', `"${value}" is not a server's address.`, {
      fix: ['It begins with http:// or https:// and holds no user or password.'],
    })
  }
  setInFile(file, key, written ?? null)
  if (out.json) await out.answerLine({ key, value: value ?? null, file })
  out.say(value === undefined ? `${key} is taken out of ${file}` : `${key} is ${value} in ${file}`)
  const before = context.configuration.of(key)
  if (
    before !== null &&
    (before.level === 'flag' || before.level === 'variable' || (before.level === 'project' && options.project !== true))
  )
    out.say(`  ${before.origin} stands above it, and says ${before.value}.`)
  return EXIT.done
}

function known(key: string): ConfigKey {
  if (isConfigKey(key)) return key
  const secret = /token/i.test(key) ? ['A token is kept by: trotline login'] : []
  throw new CliError('USAGE', `There is no setting "${key}".`, {
    facts: [`There are ${KEYS.join(', ')}.`],
    fix: secret,
  })
}

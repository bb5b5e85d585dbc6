// trotline login, logout and whoami. A token comes from a prompt without echo or from stdin, never from a flag: flags show in ps.
// It is kept only after the server has said whose it is.
import type { Whoami } from '@trotline/contracts'
import type { Command } from 'commander'
import type { Act } from '../act.ts'
import { usable } from '../configuration/token.ts'
import { keepToken, serverKey, tokenFor, tokensFile } from '../configuration/token-store.ts'
import type { Context } from '../context.ts'
import { CliError } from '../errors.ts'
import { EXIT } from '../exit-codes.ts'
import { withExamples } from '../help.ts'
import { readSecret } from '../read-secret.ts'
import { tabbed } from '../text/table.ts'

export function declareLogin(program: Command, act: Act): void {
  const login = program
    .command('login')
    .description('keeps your token for this server, in a file that only you can read')
    .action(act(logIn))
  withExamples(login, [
    ['trotline login --url https://trotline.example.org', 'asks for the token and shows nothing of it'],
    ['trotline login < token.txt', 'from stdin'],
  ])
  const logout = program
    .command('logout')
    .description('forgets the token that was kept for this server')
    .action(act(logOut))
  withExamples(logout, [['trotline logout', '']])
  const whoami = program
    .command('whoami')
    .description('says who you are for the server, and where the token came from')
    .action(act(whoAmI))
  withExamples(whoami, [
    ['trotline whoami', ''],
    ['trotline whoami -q', 'the id alone'],
  ])
}

async function logIn(context: Context) {
  const { out, stdin, interrupt, settings } = context
  const server = context.server()
  const text = await readSecret({ stdin, interrupt, prompt: shown => out.say(shown) }, `Token for ${server.host}: `)
  if (text === '') {
    throw new CliError('NO_TOKEN', 'No token came.', {
      failed: 'Not logged in',
      fix: ['Type it at the prompt, or: trotline login < token.txt'],
    })
  }
  const { value } = usable(text, stdin.isTTY === true ? 'the prompt' : 'stdin')
  const who = await context
    .clientWith(value)
    .whoami()
    .catch((error: unknown): never => {
      throw error instanceof CliError && error.code !== 'INTERRUPTED' ? error.with({ failed: 'Not logged in' }) : error
    })
  const file = tokensFile(settings.configHome)
  keepToken(file, server, value)
  if (out.json) await out.answerLine(who)
  out.say(`${out.sayStyle.good('Logged in')} as ${who.owner.id} (${who.owner.name}), ${who.role}, on ${server.host}`)
  out.say(out.sayStyle.dim(`  kept in ${file}, for this server only`))
  const used = context.token()
  if (used !== null && used.value !== value) out.say(`  ${used.origin} stands above it, and holds another token.`)
  if (context.configuration.of('url')?.level === 'flag')
    out.say(out.sayStyle.dim(`  to leave --url out: trotline config set url ${serverKey(server)}`))
  return EXIT.done
}

async function logOut(context: Context) {
  const { out, settings } = context
  const server = context.server()
  const file = tokensFile(settings.configHome)
  const kept = tokenFor(file, server) !== null
  if (out.json) await out.answerLine({ server: serverKey(server), forgotten: kept })
  if (!kept) out.say(`No token is kept for ${server.host}.`)
  else {
    keepToken(file, server, null)
    out.say(`The token for ${server.host} is forgotten here. The server still knows it: an operator can take it away.`)
  }
  return EXIT.done
}

async function whoAmI(context: Context) {
  const { client, out } = context
  const who = await client.whoami()
  const origin = context.token()?.origin ?? ''
  if (out.json) await out.answerLine(who)
  else if (out.quiet) await out.answer(`${who.owner.id}\n`)
  else if (out.answerIsTerminal) await out.answer(`${who.owner.id}  ${who.owner.name}, ${who.role}\n`)
  else await out.answer(tabbed([{ title: 'FIELD' }, { title: 'VALUE' }], whoRows(who)))
  out.say(out.sayStyle.dim(`  on ${client.host}, token from ${origin}`))
  return EXIT.done
}

const whoRows = ({ owner, role, identity, version }: Whoami): string[][] => [
  ['owner', owner.id],
  ['name', owner.name],
  ['role', role],
  ['identity', identity],
  ['server version', version],
]

// trotline doctor: server, token, proxy, clock and versions, each looked at by itself; what it prints belongs in a ticket. No secret is in it.
import { release, type } from 'node:os'
import type { Readiness, Whoami } from '@trotline/contracts'
import type { Command } from 'commander'
import type { Act } from '../act.ts'
import { createRoute } from '../api/proxies.ts'
import type { Context } from '../context.ts'
import { CliError } from '../errors.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { withExamples } from '../help.ts'
import { duration } from '../text/durations.ts'
import type { Style } from '../text/style.ts'
import { tabbed } from '../text/table.ts'
import { wrap } from '../text/wrap.ts'
import { version } from '../version.ts'

type Look = { name: string; ok: boolean; says: string /** One thing to do. */; fix?: string }

/** Ages come from the server, and signatures and certificates do not mind seconds. */
const MOST_SKEW_SECONDS = 60

export function declareDoctor(program: Command, act: Act): void {
  const command = program
    .command('doctor')
    .description('looks at server, token, proxy, clock and versions; paste what it prints into a ticket')
    .action(act(doctor))
  withExamples(command, [
    ['trotline doctor', ''],
    ['trotline doctor --json', 'for a ticket'],
  ])
}

async function doctor(context: Context): Promise<ExitCode> {
  const { out } = context
  const looks: Look[] = [versions()]
  const exits: ExitCode[] = []
  const look = async (name: string, act: () => Promise<Look[]> | Look[]): Promise<boolean> => {
    try {
      const found = await act()
      looks.push(...found)
      return found.every(({ ok }) => ok)
    } catch (error) {
      if (!(error instanceof CliError) || error.code === 'INTERRUPTED') throw error
      exits.push(error.exit)
      const [fix] = error.options.fix ?? []
      const says = error.problem === undefined ? error.message : `${error.problem.title}: ${error.problem.detail}`
      looks.push({ name, ok: false, says, ...(fix === undefined ? {} : { fix }) })
      return false
    }
  }
  const named = await look('server', () => [serverLook(context)])
  if (named) await look('proxy', () => [proxyLook(context)])
  const answers = named && (await look('answers', () => readiness(context)))
  const said = named && (await look('token', () => [tokenLook(context)]))
  if (said && (answers || looks.some(({ name }) => name === 'answers')))
    await look('you', async () => [whoLook(await context.client.whoami())])
  if (out.json) await out.answerLine({ ok: looks.every(({ ok }) => ok), looks })
  else if (out.answerIsTerminal)
    await out.answer(`${looks.flatMap(one => lines(one, out.answerStyle, out.width())).join('\n')}\n`)
  else if (!out.quiet)
    await out.answer(
      tabbed(
        ['LOOK', 'OK', 'SAYS', 'FIX'].map(title => ({ title })),
        looks.map(({ name, ok, says, fix = '' }) => [name, ok ? 'yes' : 'no', says, fix]),
      ),
    )
  return exits[0] ?? (looks.every(({ ok }) => ok) ? EXIT.done : EXIT.unasked)
}

const versions = (): Look => ({
  name: 'versions',
  ok: true,
  says: `trotline ${version()}, Node.js ${process.version}, ${type()} ${release()} ${process.arch}`,
})

function serverLook({ configuration, server }: Context): Look {
  return { name: 'server', ok: true, says: `${server().href}, from ${configuration.of('url')?.origin}` }
}

function proxyLook({ settings, server }: Context): Look {
  const proxy = createRoute(settings).proxyOf(server())
  const certificates = settings.certFile === null ? '' : `; certificates of ${settings.certFile}`
  return { name: 'proxy', ok: true, says: `${proxy === null ? 'none' : `via ${proxy}`}${certificates}` }
}

async function readiness(context: Context): Promise<Look[]> {
  const began = Date.now()
  const { ready, now } = await context.clientWith(null).readiness()
  const took = Date.now() - began
  // The header has whole seconds, and was written somewhere between question and answer.
  const skew = (began + took / 2 - (now + 500)) / 1000
  const away = Math.abs(skew) > MOST_SKEW_SECONDS
  return [
    { name: 'answers', ok: true, says: `in ${took} ms` },
    ...ready.checks.map(checkLook),
    {
      name: 'clock',
      ok: !away,
      says: away
        ? `this machine is ${duration(Math.abs(skew))} ${skew > 0 ? 'ahead of' : 'behind'} the server`
        : 'agrees with the server to a minute',
      ...(away ? { fix: 'Set the clock of this machine, or tell the operator that the server is wrong.' } : {}),
    },
  ]
}

const checkLook = ({ name, ok, code, detail }: Readiness['checks'][number]): Look => ({
  name,
  ok,
  says: ok ? detail : `${detail} (${code})`,
  ...(ok ? {} : { fix: `trotline explain ${code}` }),
})

function tokenLook(context: Context): Look {
  const token = context.token()
  return token === null
    ? { name: 'token', ok: false, says: 'none for this server', fix: 'trotline login' }
    : { name: 'token', ok: true, says: `from ${token.origin}` }
}

const whoLook = ({ owner, role, identity, version: of }: Whoami): Look => ({
  name: 'you',
  ok: true,
  says: `${owner.id}, ${role}, identity ${identity}; server ${of}`,
})

function lines({ name, ok, says, fix }: Look, style: Style, width: number): string[] {
  const mark = ok ? style.good(style.utf8 ? '✓' : '+') : style.bad(style.utf8 ? '✕' : 'x')
  const [first = '', ...more] = wrap(says, width - 20)
  return [
    `${mark} ${name.padEnd(16)}  ${first}`,
    ...more.map(line => `${' '.repeat(20)}${line}`),
    ...(fix === undefined ? [] : [`${' '.repeat(20)}To do: ${fix}`]),
  ]
}

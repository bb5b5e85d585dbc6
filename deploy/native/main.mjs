// `npm run native`: puts TensorFlow's own library with tfjs-node's binding into a folder of a node, or says in words why not.
// Plain JavaScript without packages, so that this folder alone, Node and npm are enough: node deploy/native/main.mjs --prefix DIR
import { HELP, readArguments } from './arguments.mjs'
import { check, wordsOf } from './check.mjs'
import { NativeError } from './failures.mjs'
import { install } from './install.mjs'
import { say, step } from './progress.mjs'

async function main(argv) {
  const wanted = readArguments(argv, { from: process.env.INIT_CWD ?? process.cwd() })
  if (wanted.help) return say(HELP.trimEnd())
  const stop = new AbortController()
  const limit = AbortSignal.timeout(wanted.timeLimitSeconds * 1000)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop.abort(signal))
  const until = AbortSignal.any([limit, stop.signal])
  try {
    const found = wanted.check
      ? await step('loading it and computing once', () => check(wanted.prefix, { name: wanted.package, until }))
      : await install(wanted, { until })
    say(wordsOf(found))
  } catch (error) {
    if (stop.signal.aborted) throw new NativeError(`ended by ${stop.signal.reason}; nothing was left behind`)
    if (limit.aborted) throw new NativeError(timeLimitWords(wanted, error))
    throw error
  }
}

const timeLimitWords = ({ timeLimitSeconds, source }, { during }) =>
  `not done within ${timeLimitSeconds} s${during ? `, at ${during}` : ''}; nothing was left behind. Where the network drops what it does not let through, ` +
  `a download waits for ever: ${source.kind === 'mirror' ? 'try the mirror with curl, or ' : ''}give the library by --libtensorflow or another --mirror. ` +
  'On a slow machine raise --time-limit.'

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof NativeError)) throw error
  process.stderr.write(`\n${error.message}\n`)
  process.exitCode = error.exitCode
}

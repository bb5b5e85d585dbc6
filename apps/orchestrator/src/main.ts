// The process: settings, start, signals, exit code.
import { createApp } from './app.ts'
import { PROGRAM, readSettings, USAGE } from './config.ts'
import { isCoded } from './errors.ts'
import { survive } from './lifecycle/crash-points.ts'
import { createLog } from './logging.ts'
import { RECOVER_USAGE, recoverApp } from './recover-app.ts'

/** A stage under way ends at its connection's close; longer than this is a hang. */
const STOP_LIMIT_MS = 15_000

if (process.argv.includes('--help') || process.argv.includes('-h')) {
  console.log(
    `Trotline's server: REST in front of Slurm.\n\n  ${USAGE}\n  ${RECOVER_USAGE}\n\nrecover makes an emptied or an older store whole from the job directories on the clusters. Stop the servers first.\n\nExample\n  ${PROGRAM} --config .local/trotline.yaml     (written by npm run quickstart)`,
  )
  process.exit(0)
}

const [command, ...rest] = process.argv.slice(2)
try {
  if (command === 'recover') {
    const told = { say: (line: string) => console.log(line), progress: (line: string) => console.error(line) }
    process.exit(await recoverApp(rest, told))
  }
  const settings = readSettings(process.argv.slice(2))
  const log = createLog(settings.log.level)
  const app = await createApp(settings, { log, crash: survive })
  const address = await app.start()
  log.info({ address }, 'ready')
  let stopping = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1)
      stopping = true
      log.info({ signal }, 'stopping')
      setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref()
      app.stop().then(
        () => process.exit(0),
        error => {
          log.error({ err: error }, 'did not stop cleanly')
          process.exit(1)
        },
      )
    })
  }
} catch (error) {
  if (!isCoded(error)) throw error
  console.error(`${error.code}: ${error.message}`)
  process.exit(2)
}

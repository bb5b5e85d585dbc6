// The server as tests start it: the product's own parts, and a crash point that kills with -9 when it is reached.
// Product builds have no such switch: main.ts passes `survive`.

import { readFileSync } from 'node:fs'
import {
  CANCEL_CRASH_POINTS,
  CRASH_POINTS,
  createApp,
  createLog,
  ENVIRONMENT_CRASH_POINTS,
  parseSettings,
  survive,
} from '../../apps/orchestrator/src/index.ts'

const file = process.argv[2] ?? ''
const crashAt = process.env.TROTLINE_CRASH_AT
if (
  crashAt !== undefined &&
  !([...CRASH_POINTS, ...CANCEL_CRASH_POINTS, ...ENVIRONMENT_CRASH_POINTS] as string[]).includes(crashAt)
)
  throw new Error(`no crash point ${crashAt}`)

const settings = parseSettings(readFileSync(file, 'utf8'), file)
const log = createLog(settings.log.level)
const app = await createApp(settings, {
  log,
  crash: crashAt === undefined ? survive : point => point === crashAt && process.kill(process.pid, 'SIGKILL'),
  // A loaded disk lets Redis wait for a second now and then, and the 503 that is right then is what few stories are about.
  ...(process.env.TROTLINE_PATIENT === undefined ? {} : { storePatience: { commandMs: 10_000, requestMs: 20_000 } }),
})
const address = await app.start()
log.info({ address }, 'ready')
process.on('SIGTERM', () => void app.stop().then(() => process.exit(0)))

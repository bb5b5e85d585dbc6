// The server as a value, for whoever embeds or tests it. The process is main.ts.
export { type App, createApp } from './app.ts'
export { parseSettings, type Settings } from './config.ts'
export {
  CANCEL_CRASH_POINTS,
  CRASH_POINTS,
  type Crash,
  type CrashPoint,
  ENVIRONMENT_CRASH_POINTS,
  survive,
} from './lifecycle/crash-points.ts'
export { createLog } from './logging.ts'
export { recoverAll } from './recover-app.ts'

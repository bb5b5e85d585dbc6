// Starts the report thread. Its entry lies beside this file, or beside the bundle that this file is in, and ends as that does. From sources
// it starts only where threads read TypeScript: Node.js 20 with tsx does not, and the thread says so as it ends.
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { OpenReportThread } from './report-handover.ts'

const ENTRY = new URL(`./report-thread${extname(import.meta.url)}`, import.meta.url)

export const openReportThread: OpenReportThread = (order, { onTold, onEnd }) => {
  // It closes a descriptor that this thread opened, which Node.js would warn about.
  const thread = new Worker(ENTRY, { name: 'reports', workerData: order, trackUnmanagedFds: false })
  thread.on('message', onTold)
  thread.on('error', onEnd)
  thread.on('exit', code => onEnd(new Error(`it left with code ${code}`)))
  return {
    post: handed => thread.postMessage(handed),
    stop: () => void thread.terminate(),
  }
}

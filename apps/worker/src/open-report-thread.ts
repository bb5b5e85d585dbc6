// Starts the report thread. Its entry lies beside this file, or beside the bundle that this file is in, and ends as that does. From sources
// it starts only where threads read TypeScript: Node.js 20 with tsx does not, and the thread says so as it ends.
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { OpenReportThread, ReportOrder } from './report-handover.ts'

const ENTRY = new URL(`./report-thread${extname(import.meta.url)}`, import.meta.url)

export const openReportThread: OpenReportThread = (order, { onTold, onEnd }) => {
  const thread = startedThread(order)
  if (thread instanceof Error) {
    // One that the system does not grant (too many threads, too little memory) is as one that has ended.
    onEnd(thread)
    return { post: () => undefined, stop: () => undefined }
  }
  thread.on('message', onTold)
  thread.on('error', onEnd)
  thread.on('exit', code => onEnd(new Error(`it left with code ${code}`)))
  return {
    post: handed => thread.postMessage(handed),
    stop: () => void thread.terminate(),
  }
}

function startedThread(order: ReportOrder): Worker | Error {
  try {
    // It closes a descriptor that this thread opened, which Node.js would warn about.
    return new Worker(ENTRY, { name: 'reports', workerData: order, trackUnmanagedFds: false })
  } catch (error) {
    return new Error(`it could not be started: ${(error as Error).message}`, { cause: error })
  }
}

// The thread that reads, writes and compares large locks (lock-desk.ts), one task after another.
import { parentPort } from 'node:worker_threads'
import { doTask, type LockTask } from './lock-task.ts'

parentPort?.on('message', (task: LockTask) => {
  parentPort?.postMessage(doTask(task))
})

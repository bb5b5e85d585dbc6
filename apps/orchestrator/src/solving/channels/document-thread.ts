// The thread that reads one document of repodata: minutes of work for the largest ones, none of it on the server's event loop.
import { parentPort, workerData } from 'node:worker_threads'
import { giveWay } from '../give-way.ts'
import { type DocumentDone, type DocumentFault, type DocumentOrder, faultOf, workOn } from './document-work.ts'

export type DocumentMessage =
  | { kind: 'progress'; bytes: number; records: number }
  | { kind: 'done'; done: DocumentDone }
  | { kind: 'fault'; fault: DocumentFault }

const TELL_EVERY_MS = 250

const tell = (message: DocumentMessage): void => parentPort?.postMessage(message)

giveWay()
let toldAtMs = performance.now()
try {
  const done = await workOn(workerData as DocumentOrder, (bytes, records) => {
    if (performance.now() - toldAtMs < TELL_EVERY_MS) return
    toldAtMs = performance.now()
    tell({ kind: 'progress', bytes, records })
  })
  tell({ kind: 'done', done })
} catch (error) {
  tell({ kind: 'fault', fault: faultOf(error) })
}

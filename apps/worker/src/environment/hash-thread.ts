// Where a thread that hashes begins: an entry of the release, beside the others. It says that it has started, then answers batch for batch.
import { parentPort } from 'node:worker_threads'
import { type HashBatch, hashBatch } from './hash-batch.ts'

parentPort?.on('message', (batch: HashBatch) => parentPort?.postMessage(hashBatch(batch)))
parentPort?.postMessage('started')

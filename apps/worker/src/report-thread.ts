// Where the report thread begins: an entry of the release, beside the worker's own.
import { parentPort, workerData } from 'node:worker_threads'
import { type ReportPort, serveReports } from './report-desk.ts'
import type { ReportOrder } from './report-handover.ts'

await serveReports(parentPort as ReportPort, workerData as ReportOrder)

// Signs and checks reports with the job's key (HMAC-SHA-256), so that a run can speak for its own job only.
// A room of its own in the package's exports: it needs node:crypto, which a page has not.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { Report, type SignedReport } from './report.ts'

const macOf = (body: string, key: string): Buffer =>
  createHmac('sha256', Buffer.from(key, 'base64url')).update(body).digest()

/** @param key the job's key, base64url */
export const signReport = (report: Report, key: string): SignedReport => signBody(JSON.stringify(report), key)

/** @param body a Report's JSON */
export const signBody = (body: string, key: string): SignedReport => ({ body, mac: macOf(body, key).toString('hex') })

/** The report, or null where the mac or the shape is not right: such a message is dropped and counted, never believed. */
export function openReport(signed: SignedReport, key: string): Report | null {
  const mac = Buffer.from(signed.mac, 'hex')
  const expected = macOf(signed.body, key)
  if (mac.length !== expected.length || !timingSafeEqual(mac, expected)) return null
  try {
    const parsed = Report.safeParse(JSON.parse(signed.body))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

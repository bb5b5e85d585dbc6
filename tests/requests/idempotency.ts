// What an Idempotency-Key promises, asked of every POST that takes one: the same key and body have the same answer, another body is refused.
import { randomUUID } from 'node:crypto'
import type { Operation } from './document.ts'
import { resolved, type Sent } from './request.ts'
import type { Received, Sender } from './send.ts'
import type { Prepared } from './world.ts'

/** Of answers that say how something stands now: the time of it may differ, and so may what came meanwhile. */
const COMPARED = ['id', 'lock', 'name', 'script', 'verdict']

export async function idempotencyFaults(
  sender: Sender,
  operations: readonly Operation[],
  { pools, bodies }: Prepared,
  told: { fault(what: string, sent: Sent): void; answered(sent: Sent, received: Received): void },
): Promise<void> {
  for (const { route, method, path, parameters = [], requestBody } of operations) {
    if (method !== 'post' || !parameters.some(({ name }) => name === 'idempotency-key')) continue
    const examples = Object.values(requestBody?.content['application/json']?.examples ?? {}).map(({ value }) => value)
    const [first, ...others] = [...(bodies[route] ?? []), ...examples].filter(body => body !== null)
    const segments: Record<string, string> = { cluster: 'local', name: 'local' }
    const collection = path.split('/')[2] ?? ''
    const ids = pools[collection === 'jobs' ? 'job' : collection === 'environments' ? 'lock' : collection] ?? []
    for (const id of path.includes('{id}') ? ids : ['']) {
      const target = path.replace(/\{(\w+)\}/g, (_, name: string) => segments[name] ?? id)
      const sent = (body: unknown): Sent => ({
        route,
        method: 'POST',
        target: route === 'post /v1/jobs' ? `${target}?dryRun=true` : target,
        headers: {
          authorization: path.includes('/clusters/') ? 'Bearer token-of-staff' : 'Bearer token-of-ada',
          'idempotency-key': key,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        breaksOff: false,
      })
      const key = randomUUID()
      const one = resolved(sent(first), pools)
      const answer = await sender.send(one)
      if (answer !== null) told.answered(one, answer)
      // What was refused has used no key up.
      if (answer === null || answer.status >= 300) continue
      const again = await sender.send(one)
      if (again?.status !== answer.status)
        told.fault(`${route}: its answer ${answer.status} is ${again?.status} when asked again under its key`, one)
      else if (compared(again) !== compared(answer))
        told.fault(`${route}: asked again under its key, it answers something else`, one)
      for (const other of others.slice(0, 1)) {
        const refused = await sender.send(resolved(sent(other), pools))
        if (refused?.status !== 409)
          told.fault(
            `${route}: another body under the same key is answered ${refused?.status}`,
            resolved(sent(other), pools),
          )
      }
      break
    }
  }
}

function compared({ body }: Received): string {
  try {
    const answer = JSON.parse(body.toString()) as Record<string, unknown>
    return JSON.stringify(COMPARED.map(name => answer[name] ?? null))
  } catch {
    return body.toString()
  }
}

// order.json: what the server wants made. It is read once, and believed only where the lock has the id that it is ordered under.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BuildOrder, ENVIRONMENT_FILES } from '@trotline/contracts'
import { lockId } from '@trotline/environment'
import { buildFailure } from './build-failure.ts'

/** Of a lock of 5,000 packages with every mirror: 4 MiB. */
const MOST_BYTES = 32 * 1024 * 1024

/** @throws BuildFailure died: it is no order, or not of the lock whose id it has */
export async function readOrder(buildDirectory: string): Promise<BuildOrder> {
  const path = join(buildDirectory, ENVIRONMENT_FILES.order)
  const text = await readFile(path, 'utf8')
  if (text.length > MOST_BYTES) throw buildFailure('died', `${path} has ${text.length} characters: that is no order.`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw buildFailure('died', `${path} is not JSON.`, { cause })
  }
  const order = BuildOrder.safeParse(value)
  if (!order.success) {
    const first = order.error.issues[0]
    throw buildFailure('died', `${path} is no order: ${first?.path.join('.')} ${first?.message}.`)
  }
  const id = lockId(order.data.lock)
  if (id !== order.data.lockId)
    throw buildFailure('died', `${path} orders the lock ${order.data.lockId}, and holds the lock ${id}.`)
  return order.data
}

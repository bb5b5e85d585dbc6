// Idempotency keys: a request whose answer was lost is asked again under the same one, and is done once.
import { randomUUID } from 'node:crypto'

export const newKey = (): string => `cli-${randomUUID()}`

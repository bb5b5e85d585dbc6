// Idempotency keys of this command line: who looks at a request sees where it came from.
import { newKey as anyKey } from '@trotline/client'

export const newKey = (): string => anyKey('cli-')

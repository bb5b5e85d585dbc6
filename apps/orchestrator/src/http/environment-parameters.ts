// Parameters of the routes of environments.
import { EnvironmentName } from '@trotline/contracts'
import { z } from 'zod'

/** A whole id, its beginning, `ml@3`, or `ml` for its newest version. */
const Reference = z
  .string()
  .regex(
    /^(?:[0-9a-f]{8,64}|[A-Za-z][A-Za-z0-9._-]{0,63}(?:@[1-9][0-9]{0,8})?)$/,
    'is no environment: give its id, at least eight digits of its beginning, or a name such as ml@3',
  )

export const EnvironmentParams = z.strictObject({ id: Reference })
export const DiffParams = z.strictObject({ id: Reference, other: Reference })
export const NameParams = z.strictObject({ name: EnvironmentName })
/** Any text: a name that does not fit the alphabet is the name of no cluster. */
export const OnClusterParams = z.strictObject({ id: Reference, cluster: z.string() })

/** An environment's id: the page ended with it. */
export const Cursor = z.string().regex(/^[0-9a-f]{64}$/, 'is not a cursor of this list')

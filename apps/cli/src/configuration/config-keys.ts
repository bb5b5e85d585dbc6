// What may stand in a configuration file, and how the same is said by a flag or a variable.
import { z } from 'zod'

const oneLine = z
  .string()
  .min(1)
  .max(2000)
  .regex(/^[^\p{Cc}]*$/u, 'has control characters')

/** A file as people write it. */
export const ConfigFile = z.strictObject({
  url: oneLine.optional(),
  tokenFile: oneLine.optional(),
  patience: z.int().min(1).max(999_999_999).optional(),
  cluster: oneLine.optional(),
})
export type ConfigFile = z.infer<typeof ConfigFile>
export type ConfigKey = keyof ConfigFile

type About = { flag: string | null; variable: string; says: string; otherwise: string | null }
export const CONFIG_KEYS: Readonly<Record<ConfigKey, About>> = {
  url: { flag: '--url', variable: 'TROTLINE_URL', says: 'the server', otherwise: null },
  tokenFile: {
    flag: '--token-file',
    variable: 'TROTLINE_TOKEN_FILE',
    says: 'a file of mode 0600 with the token; not in a trotline.yaml',
    otherwise: null,
  },
  patience: {
    flag: '--patience',
    variable: 'TROTLINE_PATIENCE',
    says: 'seconds for which a lost connection is tried again',
    otherwise: '60',
  },
  cluster: {
    flag: null,
    variable: 'TROTLINE_CLUSTER',
    says: 'the one that is meant where none is named',
    otherwise: null,
  },
}

export const isConfigKey = (text: string): text is ConfigKey => Object.hasOwn(CONFIG_KEYS, text)

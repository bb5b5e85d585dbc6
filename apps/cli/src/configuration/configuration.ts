// Which setting counts, and where it was said: flag, TROTLINE_*, the project's trotline.yaml, the user's file, the machine's, the default.
//
// A project's file comes with what somebody else wrote. It may say which server is asked, and gets no secret for it: neither tokenFile
// counts there, nor is a token of the environment or of another server sent to a server that only a project names (token.ts).
import { dirname, resolve } from 'node:path'
import { CliError } from '../errors.ts'
import type { Settings } from '../settings.ts'
import { projectFile, readConfigFile, SYSTEM_FILE, userFile } from './config-file.ts'
import { CONFIG_KEYS, type ConfigFile, type ConfigKey } from './config-keys.ts'

export type Level = 'flag' | 'variable' | 'project' | 'user' | 'system' | 'default'
export type Configured = { value: string; level: Level /** The flag, the variable or the file. */; origin: string }
export type Configuration = {
  /** null: nobody said it. */
  of(key: ConfigKey): Configured | null
}

export type ConfigFlags = { [Key in ConfigKey]?: string | number | undefined }

export function readConfiguration(
  settings: Settings,
  cwd: string,
  flags: ConfigFlags,
  systemFile = SYSTEM_FILE,
): Configuration {
  const project = projectFile(cwd)
  const files: [Level, string][] = [
    ...(project === null ? [] : [['project', project] satisfies [Level, string]]),
    ['user', userFile(settings.configHome)],
    ['system', systemFile],
  ]
  const written = files.map(([level, file]) => ({ level, file, fields: readConfigFile(file) }))
  const fromProject = written.find(({ level }) => level === 'project')
  if (fromProject?.fields.tokenFile !== undefined) {
    throw new CliError('USAGE', `${fromProject.file} names a tokenFile, and a project's file may not.`, {
      facts: ['Whoever wrote it could have any file of yours sent to a server of theirs.'],
      fix: ['Take it out there. For yourself: trotline config set tokenFile FILE, or trotline login.'],
    })
  }
  const said: Record<ConfigKey, string | null> = {
    url: settings.url,
    tokenFile: settings.tokenFile,
    patience: settings.patience,
    cluster: settings.cluster,
  }
  return {
    of(key) {
      const { flag, variable, otherwise } = CONFIG_KEYS[key]
      const flagged = flags[key]
      if (flagged !== undefined) return { value: String(flagged), level: 'flag', origin: flag ?? '' }
      const named = said[key]
      if (named !== null) return { value: named, level: 'variable', origin: variable }
      const found = written.find(({ fields }) => fields[key] !== undefined)
      if (found !== undefined)
        return { value: valueIn(found.fields, key, found.file), level: found.level, origin: found.file }
      return otherwise === null ? null : { value: otherwise, level: 'default', origin: 'default' }
    },
  }
}

/** A path in a file is taken from its folder. */
const valueIn = (fields: ConfigFile, key: ConfigKey, file: string): string =>
  key === 'tokenFile' ? resolve(dirname(file), String(fields[key])) : String(fields[key])

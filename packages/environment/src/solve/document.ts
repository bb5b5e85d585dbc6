// Repodata as the solver is served it: one small document per channel and subdir.

export interface ReachableDocument {
  channel: string
  subdir: string
  text: string
}

/** Records as `"file name":{…}`. */
export function documentText(subdir: string, packages: readonly string[], conda: readonly string[]): string {
  return `{"info":{"subdir":"${subdir}"},"packages":{${packages.join(',')}},"packages.conda":{${conda.join(',')}},"repodata_version":1}`
}

export const emptyDocument = (channel: string, subdir: string): ReachableDocument => ({
  channel,
  subdir,
  text: documentText(subdir, [], []),
})

// A document of repodata that was checked and is kept on this machine, with its index beside it: what a solve is handed.

export interface RepodataFile {
  /** As locks name it, without a slash at its end. */
  channel: string
  subdir: string
  sha256: string
  /** Unpacked. */
  bytes: number
  records: number
  fetchedAt: string
  path: string
  indexPath: string
}

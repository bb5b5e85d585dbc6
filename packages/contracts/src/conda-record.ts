// What installers leave about each package: <prefix>/conda-meta/<name>-<version>-<build>.json, as conda, mamba, micromamba and rattler (pixi)
// write it. They write more than this, and more with each version: what is not asked for is passed over.
import { z } from 'zod'

const Hash = z.string().max(128).nullish()

/** Relative, and nowhere outside the prefix. */
const PathInPrefix = z
  .string()
  .max(4096)
  .regex(/^(?!\/)(?!(?:.*\/)?\.\.?(?:\/|$))[^\0]+$/s, 'is not a path within the prefix')

export const CondaPath = z.object({
  _path: PathInPrefix,
  /**
   * hardlink: a file. Those made as the package was installed have no hashes: pyc_file, unix_python_entry_point. Packages of before
   * 2017 have no path_type.
   */
  path_type: z.string().max(64).nullish(),
  /** Of the file in the archive; of a softlink: of what it pointed to when the package was built (conda-build), or of nothing. */
  sha256: Hash,
  /**
   * Of the file as it was installed. Of a softlink: what it pointed to then (micromamba), the text of its target (rattler), or not
   * there (conda).
   */
  sha256_in_prefix: Hash,
  prefix_placeholder: z.string().max(4096).nullish(),
  file_mode: z.string().max(16).nullish(),
})
export type CondaPath = z.infer<typeof CondaPath>

export const CondaRecord = z.object({
  name: z.string().max(200),
  version: z.string().max(200),
  build: z.string().max(200),
  subdir: z.string().max(64),
  md5: Hash,
  /** Not with every installer from a lock of md5 sums. */
  sha256: Hash,
  files: z.array(PathInPrefix).max(2_000_000).nullish(),
  paths_data: z.object({ paths: z.array(CondaPath).max(2_000_000).nullish() }).nullish(),
})
export type CondaRecord = z.infer<typeof CondaRecord>

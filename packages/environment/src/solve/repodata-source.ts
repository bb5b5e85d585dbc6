// What the solver is given of a channel: one document of repodata, of which only the records that a spec can reach are read.

/** One archive as the document lists it. */
export interface RepodataRecord {
  /** NAME-VERSION-BUILD.conda or .tar.bz2 */
  fileName: string
  /** true: it stands under `packages.conda`, else under `packages`. */
  conda: boolean
  /** The record as the document has it: a JSON object. */
  text: string
}

/** One document: a channel's packages for one platform, or its noarch ones. Synchronous: it is read in a thread of its own. */
export interface RepodataSource {
  /** As locks name it, without a slash at its end. */
  readonly channel: string
  /** linux-64, noarch */
  readonly subdir: string
  has(name: string): boolean
  /** Empty where it has none of that name. */
  records(name: string): RepodataRecord[]
  /** Names that any record of that name depends on; without virtual packages or with them. */
  needs(name: string): readonly string[]
}

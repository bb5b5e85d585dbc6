// Which software runs on which hardware: the matrix, the judge, and what there is to choose from.
export { type Build, FRAMEWORK_NAMES, FRAMEWORKS, type Framework, type ListedFramework } from './builds/build.ts'
export { buildsOf, isListed, LISTED_FRAMEWORKS } from './builds/builds-of.ts'
export { softwareOf } from './builds/software-of.ts'
export { cudaCeiling } from './gates/driver-cuda.ts'
export { hasCompatLibraries } from './gates/stale-libraries.ts'
export { judge } from './judge.ts'
export { judgeLock, type LockedPackage, questionsOfLock } from './judge-lock.ts'
export { judgeSpec, questionsOfSpec } from './judge-spec.ts'
export { type ArchiveAddress, parseArchiveUrl } from './lock/archive-url.ts'
export { canonicalJson, lockId } from './lock/canonical.ts'
export { channelsOfLock } from './lock/channels-of-lock.ts'
export { type ChangeKind, diffLocks, diffText, type LockChange, type LockDiff } from './lock/diff-locks.ts'
export {
  LOCK_FORMATS,
  type LockFormat,
  type LockReading,
  readLock,
  type WrittenLock,
  writeLock,
} from './lock/formats.ts'
export { packagesOfLock, tellingPackages } from './lock/judged.ts'
export { type ArchiveRecord, type LockParts, makeLock, type PinnedLock } from './lock/make-lock.ts'
export { requirementsTxt } from './lock/requirements-txt.ts'
export { platformOf, requirementsInWords, type UnmetRequirement, unmet, unmetText } from './lock/unmet.ts'
export { type Coverage, checkMatrix, coverageText, type MatrixCheck } from './matrix/check.ts'
export { type Matrix, parseMatrix } from './matrix/matrix.ts'
export { findingText, type Place, type PlacedFinding, type Reading } from './reading.ts'
export { type ChannelsAsked, channelsAsked, pinOf } from './spec/channels-asked.ts'
export { pipPins } from './spec/pip-pins.ts'
export { readSpec } from './spec/read-spec.ts'
export { type EnvironmentSpec, type SpecSoftware, softwareOfSpec } from './spec-software.ts'
export { nearest, type Partition } from './suggest/nearest.ts'
export { newest } from './suggest/newest.ts'
export { compareConda, parseCondaVersion } from './versions/conda.ts'

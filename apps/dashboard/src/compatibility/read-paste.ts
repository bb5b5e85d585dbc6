// What somebody pastes: an environment.yml, conda list (explicit or not), pip list or freeze, nvidia-smi, or several of them below each
// other. Each line is taken for what it looks like; from them come the questions that POST /v1/compatibility/check takes. What
// versions and builds mean is the server's to say: here words are found and nothing is concluded. Pure.
import type { Software } from '@trotline/contracts'

export interface Pasted {
  /** What it was read as, in words. */
  forms: readonly string[]
  /** One for each framework. */
  software: readonly Software[]
  hardware: { driver?: string; gpu?: string }
  /** Packages that were read in all. */
  packages: number
  /** Lines that look like nothing known, the first ones. */
  unread: readonly string[]
}

export const MOST_PASTED = 200_000
const MOST_LINES = 5_000
const MOST_CHARACTERS = 400
const MOST_UNREAD = 5

interface Sight {
  driver?: string | undefined
  gpu?: string | undefined
}

interface Package {
  name: string
  version: string
  build?: string
  channel?: string
  /** As an environment.yml has it: a match spec. */
  spec?: string
  by: 'conda' | 'pip'
}

export function readPaste(text: string): Pasted {
  const lines = text.slice(0, MOST_PASTED).split('\n', MOST_LINES)
  const forms = new Set<string>()
  const packages: Package[] = []
  const channels: string[] = []
  const hardware: Sight = {}
  const unread: string[] = []
  let section = ''
  // A longer line is no row of a list, and patterns take their time with it.
  for (const line of lines.map(one =>
    one
      .slice(0, MOST_CHARACTERS)
      .replace(/\s+#.*$/, '')
      .trimEnd(),
  )) {
    const trimmed = line.trim()
    if (trimmed === '' || /^[-+|=\s]+$/.test(trimmed)) continue
    const gpu = readNvidiaSmi(trimmed)
    if (gpu !== null) {
      forms.add('nvidia-smi')
      hardware.driver ??= gpu.driver
      hardware.gpu ??= gpu.gpu
      continue
    }
    // The head of a table and comments, `# packages in environment at …`.
    if (/^#|^@EXPLICIT$|^\||^Package\s+Version|^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) /.test(trimmed)) continue
    const key = /^\s*(?:-\s+)?([A-Za-z]+):\s*(.*)$/.exec(line)
    if (key !== null && /^(?:name|channels|dependencies|prefix|pip|variables)$/.test(key[1] ?? '')) {
      section = key[1] ?? ''
      forms.add('environment.yml')
      continue
    }
    const item = /^\s*-\s+(.+)$/.exec(line)?.[1]?.replace(/^(['"])(.*)\1$/, '$2')
    if (item !== undefined && section === 'channels') {
      channels.push(item)
      continue
    }
    const found =
      item !== undefined && section === 'dependencies'
        ? readMatchSpec(item)
        : item !== undefined && section === 'pip'
          ? readRequirement(item)
          : (readArchive(trimmed) ?? readRequirement(trimmed) ?? readListed(trimmed))
    if (found === null) unread.push(trimmed.slice(0, 120))
    else {
      packages.push(found)
      if (item === undefined) forms.add(formOf(found, trimmed))
    }
  }
  return {
    forms: [...forms],
    software: questionsOf(packages, channels),
    hardware: defined(hardware),
    packages: packages.length,
    unread: unread.slice(0, MOST_UNREAD),
  }
}

const formOf = ({ by, build }: Package, line: string): string =>
  line.includes('/')
    ? 'an explicit list of conda'
    : line.includes('==')
      ? 'pip freeze'
      : by === 'conda' || build !== undefined
        ? 'conda list'
        : 'pip list'

/** The table for people, its line of a GPU, `nvidia-smi -L`, or the answer of --query-gpu=name,driver_version. */
function readNvidiaSmi(line: string): Sight | null {
  const driver = /Driver Version:\s*(\d{3,4}(?:\.\d{1,4}){1,2})/.exec(line)?.[1]
  if (driver !== undefined) return { driver }
  const row = /^\|\s+\d+\s+(\S.*?)\s+(?:On|Off|N\/A)\s+\|\s+[0-9A-F]{8}:/.exec(line)?.[1]
  const listed = /^GPU \d+:\s*(.+?)\s*\(UUID/.exec(line)?.[1]
  const gpu = row ?? listed
  if (gpu !== undefined) return { gpu }
  const [, name, version] =
    /^((?:NVIDIA |Tesla |Quadro |GeForce )[^,]+),\s*(\d{3,4}(?:\.\d{1,4}){1,2})\b/.exec(line) ?? []
  if (name === undefined || version === undefined) return /^NVIDIA-SMI /.test(line) ? {} : null
  return { gpu: name, driver: version }
}

/** https://host/channel/linux-64/pytorch-2.1.0-py3.10_cuda12.1_cudnn8.9.2_0.tar.bz2 */
function readArchive(line: string): Package | null {
  const [, channel, file] =
    /^https?:\/\/[^\s]+\/([^/\s]+)\/(?:linux-64|linux-aarch64|linux-ppc64le|noarch)\/([^/\s#]+)\.(?:conda|tar\.bz2)/.exec(
      line,
    ) ?? []
  const [, name, version, build] = /^(.+)-([^-]+)-([^-]+)$/.exec(file ?? '') ?? []
  if (channel === undefined || name === undefined || version === undefined || build === undefined) return null
  return { name, version, build, channel, by: 'conda' }
}

/** `pytorch::pytorch=2.1=*cuda12.1*`, `python>=3.9`: its own form is kept for the server to read. */
function readMatchSpec(item: string): Package | null {
  const [, channel, name, rest = ''] =
    /^(?:([A-Za-z0-9._/:-]+)::)?([A-Za-z0-9._-]+)\s*(?:\[.*\])?\s*([=<>!~ ].*)?$/.exec(item) ?? []
  if (name === undefined) return null
  const version = rest.replace(/^[=~ ]+/, '').split(/[= ]/)[0] ?? ''
  return {
    name: name.toLowerCase(),
    version,
    spec: item,
    ...(channel === undefined ? {} : { channel }),
    by: 'conda',
  }
}

/** torch==2.1.0+cu121 and what else pip takes. */
function readRequirement(item: string): Package | null {
  const [, name, extras, version] =
    /^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[([A-Za-z0-9_,-]+)\])?\s*(?:==|~=|>=)\s*([^\s,;]+)/.exec(item) ?? []
  if (name === undefined || version === undefined) return null
  const tag = extras?.split(',').find(one => /^cuda/.test(one))
  return { name: pypi(name), version, ...(tag === undefined ? {} : { build: tag }), by: 'pip' }
}

/** A row of `conda list` (name, version, build, channel) or of `pip list` (name, version). */
function readListed(line: string): Package | null {
  const [name, version, build, channel, more] = line.split(/\s+/)
  if (name === undefined || version === undefined || more !== undefined) return null
  if (!/^@?[A-Za-z0-9][A-Za-z0-9._/@-]*$/.test(name) || !/^v?\d[^\s/]*$/.test(version)) return null
  if (build === undefined || build === 'pypi_0' || channel === 'pypi') return { name: pypi(name), version, by: 'pip' }
  // The third column of `pip list` is a folder: a package that is being worked on.
  if (build.includes('/')) return { name: pypi(name), version, by: 'pip' }
  return { name: name.toLowerCase(), version, build, channel: channel ?? 'defaults', by: 'conda' }
}

const pypi = (name: string): string => name.toLowerCase().replace(/[._-]+/g, '-')

const FRAMEWORKS: Readonly<Record<string, string>> = {
  pytorch: 'pytorch',
  torch: 'pytorch',
  tensorflow: 'tensorflow',
  'tensorflow-gpu': 'tensorflow',
  'tensorflow-base': 'tensorflow',
  jaxlib: 'jax',
  jax: 'jax',
}
/** Of two packages of one framework the one whose build says more. */
const MORE_TELLING: readonly string[] = ['tensorflow-base', 'jaxlib', 'tensorflow-gpu']
const CUDA_BESIDE: readonly string[] = ['cudatoolkit', 'cuda-version', 'pytorch-cuda', 'cuda-toolkit', 'cuda-cudart']

function questionsOf(packages: readonly Package[], channels: readonly string[]): Software[] {
  const version = (names: readonly string[], by: Package['by']): string | undefined =>
    names
      .map(name => packages.find(one => one.name === name && one.by === by)?.version)
      .find(found => found !== undefined && found !== '')
  const python = version(['python'], 'conda')
  const cuda = version(CUDA_BESIDE, 'conda')
  const cudnn = version(['cudnn'], 'conda')
  // jax-cuda12-plugin: the package beside jax that has the GPU in it.
  const plugin = packages.map(({ name }) => /^jax-(cuda\d\d)-(?:plugin|pjrt)$/.exec(name)?.[1]).find(Boolean)
  const byFramework = new Map<string, Package>()
  for (const one of packages) {
    const framework = Object.hasOwn(FRAMEWORKS, one.name) ? FRAMEWORKS[one.name] : undefined
    if (framework === undefined) continue
    const before = byFramework.get(framework)
    if (before === undefined || MORE_TELLING.indexOf(one.name) > MORE_TELLING.indexOf(before.name))
      byFramework.set(framework, one)
  }
  return [...byFramework].map(([framework, one]) => {
    const beside = python === undefined ? {} : { python }
    if (one.by === 'pip') {
      const [release = '', local] = one.version.split('+')
      const tag = framework === 'jax' ? (one.build ?? jaxTag(local) ?? plugin ?? 'cpu') : local
      return {
        framework,
        package: one.name,
        channel: 'pip',
        frameworkVersion: release,
        ...(tag === undefined ? {} : { wheelTag: tag }),
        ...beside,
      }
    }
    const channel = channelFor(framework, one.channel, channels)
    const name = one.name === 'tensorflow-base' ? 'tensorflow' : one.name
    return {
      framework,
      package: name,
      channel: `conda:${channel}`,
      ...(one.spec === undefined
        ? { frameworkVersion: one.version, ...(one.build === undefined ? {} : { condaBuild: one.build }) }
        : { condaSpec: one.spec }),
      ...(cuda === undefined ? {} : { cuda }),
      // The project's own builds of PyTorch have their cuDNN in them.
      ...(cudnn === undefined || channel === 'pytorch' ? {} : { cudnn }),
      ...beside,
    }
  })
}

const jaxTag = (local: string | undefined): string | undefined => /^cuda\d{2,3}/.exec(local ?? '')?.[0]

/** Channels stand in their order of priority; which of them have a framework. */
const HOMES: Readonly<Record<string, readonly string[]>> = {
  pytorch: ['pytorch', 'conda-forge', 'defaults'],
  tensorflow: ['conda-forge', 'defaults'],
  jax: ['conda-forge'],
}

function channelFor(framework: string, own: string | undefined, channels: readonly string[]): string {
  const plain = (name: string): string =>
    name
      .replace(/\/+$/, '')
      .replace(/^.*\//, '')
      .replace(/^main$/, 'defaults')
  if (own !== undefined) return plain(own)
  const listed = channels.map(plain)
  return listed.find(name => HOMES[framework]?.includes(name)) ?? listed[0] ?? 'defaults'
}

function defined(hardware: Sight): Pasted['hardware'] {
  return {
    ...(hardware.driver === undefined ? {} : { driver: hardware.driver }),
    ...(hardware.gpu === undefined ? {} : { gpu: hardware.gpu }),
  }
}

// STAND-IN for `micromamba create --prefix PREFIX --file EXPLICIT`, for tests only. No registry of packages has a micromamba, mamba, conda
// (from 4.4) or pixi that runs, so this does what they do: downloads over http, checks md5, unpacks into CONDA_PKGS_DIRS with conda's own
// library (Debian's cph), copies or links into the prefix, puts the prefix into text and binary files, and writes conda-meta as they do
// (tests/fixtures/conda has recorded ones). It solves nothing, compiles no .pyc, makes no entry points, runs no scripts of packages, and
// says so of itself. It depends on nothing of the workspace.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** execve(2) of Linux before 5.1; longer first lines are given to env, as conda does. */
const LONGEST_SHEBANG = 127
const FLAGS = new Set(['-y', '--yes', '--no-rc', '--always-copy', '--copy', '--offline', '-q', '--quiet'])

class Refusal extends Error {}
const fail = text => {
  throw new Refusal(text)
}
const sum = (algorithm, bytes) => createHash(algorithm).update(bytes).digest('hex')
const isTrue = name => /^(?:1|true|yes)$/i.test(process.env[name] ?? '')

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof Refusal) && error.syscall === undefined) throw error
  process.stderr.write(`error    libmamba ${error.message}\ncritical libmamba Aborting.\n`)
  process.exitCode = 1
}

async function main(argv) {
  console.log("This is the stand-in installer of Trotline's tests, not micromamba.")
  const options = optionsOf(argv)
  const records = explicitOf(readFileSync(options.file, 'utf8'))
  const packages = process.env.CONDA_PKGS_DIRS ?? fail('no CONDA_PKGS_DIRS')
  if (existsSync(options.prefix) && !existsSync(join(options.prefix, 'conda-meta')))
    fail(`Non-conda folder exists at prefix "${options.prefix}"`)
  mkdirSync(packages, { recursive: true })
  for (const record of records) await fetched(record, packages, options.offline)
  unpacked(records, packages)
  mkdirSync(join(options.prefix, 'conda-meta'), { recursive: true })
  appendFileSync(join(options.prefix, 'conda-meta/history'), historyOf(argv, records))
  const python = pythonOf(records)
  for (const record of records) linked(record, packages, options, python)
  console.log('Transaction finished')
}

function optionsOf(argv) {
  if (argv[0] !== 'create') fail(`the stand-in knows only create, not ${argv[0]}`)
  const options = {
    offline: argv.includes('--offline'),
    copy: argv.includes('--always-copy') || argv.includes('--copy'),
  }
  options.copy ||= isTrue('MAMBA_ALWAYS_COPY') || isTrue('CONDA_ALWAYS_COPY')
  for (let i = 1; i < argv.length; i++) {
    if (argv[i] === '-p' || argv[i] === '--prefix') options.prefix = resolve(argv[++i])
    else if (argv[i] === '-f' || argv[i] === '--file') options.file = argv[++i]
    else if (!FLAGS.has(argv[i])) fail(`The following argument was not expected: ${argv[i]}`)
  }
  return options.prefix && options.file ? options : fail('a prefix and a file have to be given')
}

function explicitOf(text) {
  const lines = text.split('\n').map(line => line.trim())
  if (!lines.includes('@EXPLICIT')) fail('not an explicit list: it has no line @EXPLICIT')
  return lines
    .filter(line => /^https?:/.test(line))
    .map(line => {
      const [url, hash = ''] = line.split('#')
      const fn = decodeURIComponent(basename(url))
      return { url, hash: hash.replace(/^sha256:/, ''), fn, dist: fn.replace(/\.(?:conda|tar\.bz2)$/, '') }
    })
}

/** The archive lies in the cache afterwards, with the hash that the list gives. */
async function fetched(record, packages, offline) {
  const { url, hash, fn } = record
  const file = join(packages, fn)
  const algorithm = hash.length === 64 ? 'sha256' : 'md5'
  if (!existsSync(file) || (hash !== '' && sum(algorithm, readFileSync(file)) !== hash)) {
    if (offline) fail(`${fn} is not in the package cache, and this is offline`)
    const bytes = await download(url)
    const found = sum(algorithm, bytes)
    if (hash !== '' && found !== hash)
      fail(
        `File not valid: ${algorithm.toUpperCase()} sum doesn't match expectation "${file}"\n    Expected: ${hash}\n    Actual: ${found}\n    of ${url}`,
      )
    writeFileSync(`${file}.partial`, bytes)
    rmSync(join(packages, record.dist), { recursive: true, force: true })
    renameSync(`${file}.partial`, file)
    appendFileSync(join(packages, 'urls.txt'), `${url}\n`)
  }
  const bytes = readFileSync(file)
  Object.assign(record, { md5: sum('md5', bytes), sha256: sum('sha256', bytes), size: bytes.length })
}

async function download(url) {
  let response
  try {
    response = await fetch(url)
    if (response.ok) return Buffer.from(await response.arrayBuffer())
  } catch (error) {
    fail(
      `Download error (7) Could not connect to server, or it went away [${url}] ${error.cause?.code ?? error.message}`,
    )
  }
  return fail(
    `Download error (22) HTTP response code said error [${url}]\n    The requested URL returned error: ${response.status}`,
  )
}

/** One process of Python for all: a start of it takes longer than most archives. */
function unpacked(records, packages) {
  const orders = records
    .filter(({ dist }) => !existsSync(join(packages, dist, 'info/repodata_record.json')))
    .map(({ fn, dist, url, md5, sha256, size }) => {
      const folder = join(packages, dist)
      rmSync(folder, { recursive: true, force: true })
      return { archive: join(packages, fn), folder, record: { channel: channelOf(url), fn, md5, sha256, size, url } }
    })
  if (orders.length === 0) return
  const script = fileURLToPath(new URL('./unpack.py', import.meta.url))
  const { status, stderr } = spawnSync('/usr/bin/python3', [script], {
    input: JSON.stringify(orders),
    encoding: 'utf8',
  })
  if (status !== 0) fail(`Error when extracting package: ${stderr.trim().split('\n').at(-1)}`)
}

/** Of the address; the folders of channels end in SUBDIR/FILE. */
function channelOf(url) {
  return url.split('/').slice(0, -2).join('/')
}

function historyOf(argv, records) {
  return [
    `==> ${new Date().toISOString().slice(0, 19).replace('T', ' ')} <==\n`,
    `# cmd: micromamba ${argv.join(' ')}\n`,
    ...records.map(({ url, dist }) => `+${channelOf(url)}::${dist}\n`),
  ].join('')
}

/** `3.11`; null: there is none. */
function pythonOf(records) {
  const found = records.map(({ dist }) => /^python-(\d+\.\d+)[^-]*-[^-]+$/.exec(dist)?.[1])
  return found.find(one => one !== undefined) ?? null
}

function linked({ url, fn, dist, md5, sha256, size }, packages, { prefix, copy }, python) {
  const folder = join(packages, dist)
  const index = JSON.parse(readFileSync(join(folder, 'info/index.json'), 'utf8'))
  const place = path => {
    if (index.noarch !== 'python') return path
    if (python === null) fail(`${dist} is of Python, and there is no python`)
    return path.replace(/^site-packages\//, `lib/python${python}/site-packages/`).replace(/^python-scripts\//, 'bin/')
  }
  const paths = JSON.parse(readFileSync(join(folder, 'info/paths.json'), 'utf8')).paths.map(entry => {
    const to = place(entry._path)
    const inPrefix = laid(join(folder, entry._path), join(prefix, to), entry, prefix, copy)
    return { ...entry, _path: to, sha256_in_prefix: inPrefix }
  })
  const record = {
    ...index,
    channel: channelOf(url),
    extracted_package_dir: folder,
    files: paths.map(({ _path }) => _path),
    fn,
    link: { source: folder, type: copy ? 3 : 1 },
    md5,
    package_tarball_full_path: join(packages, fn),
    paths_data: { paths, paths_version: 1 },
    requested_spec: '',
    requested_specs: [],
    sha256,
    size,
    url,
  }
  writeFileSync(join(prefix, 'conda-meta', `${dist}.json`), JSON.stringify(record, null, 2))
  console.log(`Linking ${dist}`)
}

/** One path of a package in the prefix; answers the sha256 that it has there: of a link, that of where it leads. */
function laid(from, to, { prefix_placeholder: placeholder, file_mode: mode, sha256 }, prefix, copy) {
  mkdirSync(dirname(to), { recursive: true })
  rmSync(to, { force: true })
  const stat = lstatSync(from)
  if (stat.isSymbolicLink()) {
    const target = readlinkSync(from)
    symlinkSync(target, to)
    return sum('sha256', target)
  }
  if (placeholder !== undefined) {
    const bytes =
      mode === 'binary'
        ? inBinary(readFileSync(from), placeholder, prefix)
        : inText(readFileSync(from), placeholder, prefix)
    writeFileSync(to, bytes)
    chmodSync(to, stat.mode & 0o777)
    return sum('sha256', bytes)
  }
  if (copy) copyFileSync(from, to)
  else linkSync(from, to)
  return sha256
}

/** In a string that ends in a zero byte; what it is shorter is filled up with them. */
function inBinary(bytes, placeholder, prefix) {
  const from = Buffer.from(placeholder)
  for (let at = bytes.indexOf(from); at !== -1; at = bytes.indexOf(from)) {
    const end = bytes.indexOf(0, at)
    if (end === -1 || prefix.length > placeholder.length) fail('Cannot replace prefix in binary file: there is no room')
    const tail = bytes.subarray(at + from.length, end)
    const text = Buffer.concat([Buffer.from(prefix), tail])
    bytes = Buffer.concat([bytes.subarray(0, at), text, Buffer.alloc(end - at - text.length), bytes.subarray(end)])
  }
  return bytes
}

function inText(bytes, placeholder, prefix) {
  const text = bytes.toString('latin1').replaceAll(placeholder, Buffer.from(prefix).toString('latin1'))
  const [first = ''] = text.split('\n', 1)
  const program = /^#!\s*(\/\S+)(.*)$/.exec(first)
  if (first.length <= LONGEST_SHEBANG || program === null) return Buffer.from(text, 'latin1')
  return Buffer.from(`#!/usr/bin/env ${basename(program[1])}${program[2]}${text.slice(first.length)}`, 'latin1')
}

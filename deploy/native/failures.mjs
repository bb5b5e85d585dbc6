// What programs say when they fail, turned into what is wrong and what to do. Pure. The first row that fits wins.

export class NativeError extends Error {
  constructor(message, { exitCode = 1 } = {}) {
    super(message)
    this.name = 'NativeError'
    this.exitCode = exitCode
  }
}

const OFFLINE =
  /\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT)\b/

/** Each row: the steps it is about, what the output looks like, and the sentence. */
const ROWS = [
  [
    ['npm'],
    /npm: not found/,
    () => 'npm is not on this machine: it comes with Node.js, or load the module that has both.',
  ],
  [
    ['npm'],
    OFFLINE,
    () =>
      'the npm registry cannot be reached from here. Run this where it can be, on a login node for example, with DIR on a file system ' +
      "that the nodes share; or name the site's own registry: npm_config_registry=https://…",
  ],
  [['npm'], /\b(?:ENOSPC|EDQUOT)\b/, () => 'the file system is full, or the quota is: the packages take about 300 MB.'],
  [
    ['download'],
    OFFLINE,
    (_, source) =>
      `libtensorflow cannot be downloaded: ${source.url ?? "the package's own address"} cannot be reached from here. ` +
      'Give a mirror (--mirror URL) or the library itself (--libtensorflow PATH).',
  ],
  [
    ['download'],
    /TAR_BAD_ARCHIVE|Unrecognized archive format|TAR_ENTRY|Z_(?:DATA|BUF)_ERROR|incorrect header check|unexpected end of file/,
    ([said], { url = "the package's own address" }) =>
      `what ${url} answers is no whole tarball of libtensorflow (${said}): look at it with curl. The file's name there must be ` +
      'libtensorflow-gpu-linux-x86_64-2.9.1.tar.gz (cpu for tfjs-node).',
  ],
  [
    ['compile'],
    /(?:not found: make|Could not find any .*make|spawn make ENOENT)/,
    () =>
      'the binding cannot be compiled: make is missing. Debian: apt-get install g++ make python3; on a cluster load its compiler module.',
  ],
  [
    ['compile'],
    /(?:make: (?:\S*g?\+\+|cc|c\+\+): No such file|\b(?:g\+\+|c\+\+|cc|gcc): (?:command )?not found|Unable to find .*compiler)/,
    () =>
      'the binding cannot be compiled: g++ is missing. Debian: apt-get install g++ make python3; on a cluster load its compiler module.',
  ],
  [
    ['compile'],
    /Could not find any Python/,
    () =>
      'the binding cannot be compiled: node-gyp needs python3. Debian: apt-get install python3; on a cluster load its module.',
  ],
  [
    ['compile'],
    /(?:node_api\.h|node\.h|common\.gypi)[^\n]*(?:No such file|not found)|Missing output directory|headers\.tar\.gz/,
    () =>
      "Node's headers are missing and cannot be downloaded: point npm_config_nodedir to a folder that has include/node/node_api.h " +
      '(every archive of Node.js has it; in Debian packages it is /usr).',
  ],
  [
    ['compile'],
    /cannot find -l(tensorflow\w*)/,
    ([, library]) => `the binding cannot be linked: lib${library}.so is not in the library folder that was given.`,
  ],
  [
    ['compile'],
    /(tensorflow\/\S+\.h): No such file/,
    ([, header]) => `the binding cannot be compiled: the library that was given has no header ${header}.`,
  ],
  [
    ['check'],
    /Error: (\S+\.so[.\d]*): cannot open shared object file/,
    ([, library]) =>
      `the loader does not find ${library}. If it is part of TensorFlow, give it by --libtensorflow or put its folder on LD_LIBRARY_PATH ` +
      '(a module does that); otherwise install what has it.',
  ],
  [
    ['check'],
    /(\S+): version `(GLIBC(?:XX)?_[\d.]+)' not found \(required by (\S+)\)/,
    ([, library, version, by]) =>
      `${by} wants ${version}, which ${library} of this machine does not have: that TensorFlow is built for a newer system. ` +
      (version.startsWith('GLIBCXX')
        ? 'Put a newer libstdc++ before it: LD_LIBRARY_PATH to the lib folder of the conda prefix or of the compiler module.'
        : 'Take an older release.'),
  ],
  [
    ['check'],
    /undefined symbol: (\S+)/,
    ([, symbol]) =>
      `the library that was loaded lacks ${symbol}: it is no TensorFlow with the C interface, or its parts are of different releases.`,
  ],
  [['check'], /ended by SIGILL/, () => "the processor cannot run TensorFlow's code: its builds need AVX."],
  [
    ['check'],
    /tfjs_binding\.node\) can not be found/,
    () => 'the package is there without its binding: install it anew by this step.',
  ],
]

/**
 * @param stepName npm, download, compile or check
 * @param output what the failing program printed, or its end
 */
export function explain(stepName, output, source = {}) {
  for (const [steps, pattern, sentence] of ROWS) {
    const found = steps.includes(stepName) ? pattern.exec(output) : null
    if (found) return new NativeError(sentence(found, source))
  }
  const lines = output.trimEnd().split('\n').slice(-15).join('\n')
  return new NativeError(`${STEP_WORDS[stepName]} failed, and said at last:\n${lines || '(nothing)'}`)
}

const STEP_WORDS = {
  npm: 'npm install',
  download: 'the download of libtensorflow',
  compile: 'the compilation of the binding',
  check: 'the first operation',
}

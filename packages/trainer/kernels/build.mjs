// Compiles the kernels to dist/kernels.wasm, where that is not there yet or was made from other sources. Two seconds, else two
// milliseconds: it may be called by whoever needs the file. The same sources give the same bytes.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const sources = join(here, 'assembly')
const output = join(here, 'dist')

// No relaxed SIMD: its fused multiply-add gives other bits from machine to machine. The memory is shared, so that one binary
// serves one thread and several.
const OPTIONS = [
  '-O3',
  '--noAssert',
  '--runtime=stub',
  '--enable=simd,threads',
  '--importMemory',
  '--sharedMemory',
  '--initialMemory=1',
  '--maximumMemory=32768',
]

/** Answers the path of the file. */
export async function buildKernels() {
  const path = join(output, 'kernels.wasm')
  const stamp = await stampOf()
  if (existsSync(path) && (await readFile(join(output, 'kernels.stamp'), 'utf8').catch(() => null)) === stamp)
    return path
  const { main } = await import('assemblyscript/asc')
  const made = new Map()
  const { error, stderr } = await main(
    [join(sources, 'index.ts'), `--baseDir=${here}`, '--outFile=kernels.wasm', ...OPTIONS],
    {
      writeFile: (name, content) => void made.set(name, content),
    },
  )
  const binary = made.get('kernels.wasm')
  if (error !== null || binary === undefined)
    throw new Error(`The kernels do not compile.\n${stderr}`, { cause: error })
  await mkdir(output, { recursive: true })
  await writeAndRename(path, binary)
  await writeAndRename(join(output, 'kernels.stamp'), stamp)
  return path
}

async function stampOf() {
  const hash = createHash('sha256').update(
    JSON.stringify([createRequire(import.meta.url)('assemblyscript/package.json').version, OPTIONS]),
  )
  for (const name of (await readdir(sources)).sort())
    hash.update(`\n${name}\n`).update(await readFile(join(sources, name)))
  return `${hash.digest('hex')}\n`
}

// Several test files may build at the same moment: each writes its own file, and the last one, equal to the others, stays.
async function writeAndRename(path, content) {
  const beside = `${path}.${process.pid}`
  await writeFile(beside, content)
  await rename(beside, path)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildKernels()

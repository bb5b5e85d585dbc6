// How a training that computes in this process gets the NVIDIA libraries of its environment. The loader reads LD_LIBRARY_PATH when a process
// starts, and the environment is known and looked at only later. So the script names a folder there that is empty (lifecycle/script.ts), and
// what is linked into it afterwards is found: the loader remembers of a folder only that it exists (glibc, open_path in elf/dl-load.c).
// Linked are these libraries and no others: an environment's libstdc++ or libssl in front of Node.js's own would break it.
import { mkdir, readdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { RUN_FILES } from '@trotline/contracts'

/** CUDA's run-time libraries, cuDNN, NCCL and TensorRT; not libcuda and libnvidia-ml, which belong to the node's driver. */
const LIBRARY =
  /^lib(?:cudart|cublas|cublasLt|nvblas|cudnn\w*|cufft\w*|cufile\w*|curand|cusolver\w*|cusparse\w*|cutensor\w*|cupti|nvrtc[\w-]*|nvJitLink|nvjpeg|nvToolsExt|nvvm|npp\w+|nccl|nvinfer\w*|nvonnxparser|nvparsers)\.so(?:\.\d+)*$/

/** @returns how many were linked. @throws where the file system refuses */
export async function linkLibraries(prefix: string, runDirectory: string): Promise<number> {
  const folder = join(runDirectory, RUN_FILES.libraries)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const from = join(prefix, 'lib')
  const names = (await readdir(from).catch(() => [])).filter(name => LIBRARY.test(name))
  for (const name of names) await symlink(join(from, name), join(folder, name)).catch(unlessThere)
  return names.length
}

function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error
}

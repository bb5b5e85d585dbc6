// The rules of compatibility: `rule` of a finding. Figures and sources stand in the finding itself.
import type { Told } from './explain.ts'

const PROBE = 'Have a node looked at: trotline clusters probe (operators), or give the fact in the question.'

export const RULES: Readonly<Record<string, Told>> = {
  'driver-native': {
    title: 'The driver supports this CUDA by itself',
    cause: 'The CUDA of the build is not newer than the one that the driver was made for.',
    cure: 'Nothing.',
  },
  'driver-backward': {
    title: 'A newer driver runs an older CUDA',
    cause: "NVIDIA's drivers run what was built for earlier CUDA versions.",
    cure: 'Nothing.',
  },
  'minor-version': {
    title: 'It runs by minor-version compatibility',
    cause:
      'The driver is older than this CUDA and of the same major version (11 and later). Compiled code runs; what is compiled on the node from PTX does not.',
    cure: 'Take a build for the CUDA of the driver if something fails with "PTX was compiled with an unsupported toolchain".',
  },
  'driver-too-old': {
    title: 'The driver is too old for this CUDA',
    cause:
      'Each CUDA has a least driver, and the one on the nodes is below it. The program would start and say "CUDA driver version is insufficient for CUDA runtime version".',
    cure: 'Take a build for an older CUDA, or another partition. A newer driver is the affair of the cluster staff.',
  },
  'driver-branch': {
    title: 'Only the branch of the driver is known',
    cause: 'Some drivers of the branch are new enough and some are not.',
    cure: 'Give the whole version: nvidia-smi --query-gpu=driver_version --format=csv,noheader prints it.',
  },
  'driver-unknown': {
    title: 'The driver is not known',
    cause: 'Nobody has looked at a node of that kind.',
    cure: PROBE,
  },
  'driver-unreadable': {
    title: 'That is no version of a driver',
    cause: 'A driver is written as 550.54.15.',
    cure: 'Give it as nvidia-smi prints it.',
  },
  'driver-newer-than-matrix': {
    title: 'The driver is newer than the tables',
    cause: 'Whether it still drives this GPU is not written in the tables that the server has.',
    cure: 'It mostly does. The operator can put a newer matrixFile into the configuration.',
  },
  'cuda-unknown': {
    title: 'This CUDA version is not known',
    cause: 'The tables have no row for it, or the build does not say which CUDA it is for.',
    cure: 'Name the CUDA of the build with --cuda.',
  },
  'forward-compat': {
    title: "It runs by NVIDIA's compatibility package",
    cause:
      'A cuda-compat package in the environment brings a newer user part of the driver. It works on data-centre GPUs only.',
    cure: 'Keep the package in the environment.',
  },
  'forward-compat-not-needed': {
    title: 'The compatibility package is not needed',
    cause: 'The driver runs this CUDA by itself.',
    cure: 'Leave it out: it can only do harm when the driver is renewed.',
  },
  'forward-compat-not-eligible': {
    title: 'The GPU is not one for which the compatibility package works',
    cause: 'NVIDIA made it for data-centre products.',
    cure: 'Take a build for an older CUDA.',
  },
  'forward-compat-branch': {
    title: 'The compatibility package does not go with this branch of the driver',
    cause: 'Each package is made for a few branches of drivers.',
    cure: 'Take the package of another CUDA, or a build for an older one.',
  },
  'forward-compat-too-old': {
    title: 'The driver is too old for the compatibility package',
    cause: 'It needs a least driver as well, only a lower one.',
    cure: 'Take a build for an older CUDA.',
  },
  'forward-compat-stale': {
    title: 'The compatibility package is older than the driver',
    cause: 'Its libraries stand before those of the driver and do not fit the newer kernel part.',
    cure: 'Take the package out.',
  },
  'forward-compat-unknown': {
    title: 'Whether the compatibility package works cannot be told',
    cause: 'Its version or the kind of the GPU is not known.',
    cure: PROBE,
  },
  'gpu-driven': { title: 'The driver drives this GPU', cause: 'The GPU is in its list.', cure: 'Nothing.' },
  'gpu-newer-than-driver': {
    title: 'The GPU is newer than the driver',
    cause: 'The first driver for this GPU came later than the one on the node.',
    cure: 'Ask the cluster staff: either the driver or the name of the GPU is not as it was told.',
  },
  'gpu-dropped-by-driver': {
    title: 'The driver no longer supports this GPU',
    cause: 'NVIDIA took the GPU out of its drivers; the last branch that has it is named.',
    cure: 'The nodes need that older branch. Take another partition.',
  },
  'gpu-unknown': {
    title: 'The GPU is not known',
    cause: 'Neither its name nor its compute capability was told.',
    cure: PROBE,
  },
  'gpu-unreadable': {
    title: 'That is no GPU that is known',
    cause: "The word is neither a product, nor a short name, nor one of Slurm's types that the tables have.",
    cure: 'Give its compute capability: nvidia-smi --query-gpu=compute_cap --format=csv,noheader.',
  },
  'gpu-weakest': {
    title: 'The weakest GPU counts',
    cause: 'The partition has several types, and the job may get any of them.',
    cure: 'Ask for one by name: resources.gpuType.',
  },
  'gpu-contradiction': {
    title: 'Two statements about the GPU do not agree',
    cause: 'What was measured counts.',
    cure: 'Leave one of the two out of the question.',
  },
  'feature-tag': {
    title: 'Only a feature of the node says so',
    cause: 'Features are tags that somebody typed; they can be old or wrong.',
    cure: PROBE,
  },
  'open-kernel-modules': {
    title: "The GPU runs with NVIDIA's open kernel modules only",
    cause: 'Which ones a node has cannot be seen from the version of its driver.',
    cure: 'If the GPU does not show up in nvidia-smi, tell the cluster staff.',
  },
  cubin: {
    title: 'The build has compiled code for this GPU',
    cause: 'Code for the compute capability of the GPU, or for one of the same major version, is in the build.',
    cure: 'Nothing.',
  },
  'ptx-jit': {
    title: 'The code is compiled on the node at the first start',
    cause:
      'The build has no compiled code for this GPU but PTX, which the driver can compile. The first start takes minutes.',
    cure: 'Take a build that names this GPU where the first start matters. CUDA_CACHE_PATH on a shared disk keeps what was compiled.',
  },
  'no-kernel-image': {
    title: 'The build has no code for this GPU',
    cause:
      'Neither compiled code nor PTX fits. It would die with "no kernel image is available for execution on the device".',
    cure: 'Take a build that still has (or already has) this compute capability; nearest names one.',
  },
  'arch-dropped': {
    title: 'The framework no longer builds for this GPU',
    cause: 'The compute capability was dropped from the published builds of this release.',
    cure: 'Take the last release that has it, or another partition.',
  },
  'compute-capability': {
    title: 'The framework asks for a newer GPU',
    cause: 'It says itself which compute capability it needs at least.',
    cure: 'Take an older release or another partition.',
  },
  'kernels-unknown': {
    title: 'For which GPUs the build has code is not known',
    cause: 'The tables do not have this build.',
    cure: 'Take a build that is published by the framework itself.',
  },
  'cpu-only': {
    title: 'The build uses no GPU',
    cause: 'It is the package for processors, and a GPU was asked for.',
    cure: 'Take the build for CUDA, or ask for no GPU.',
  },
  'cpu-rung': {
    title: 'It would run on the processor instead',
    cause: 'The GPU does not fit and training.backend "any" takes what the node has.',
    cure: 'Leave training.backend out where a job without its GPU is worth nothing.',
  },
  'sources-disagree': {
    title: 'Two sources do not say the same',
    cause: 'Documentation and packages disagree; both are named, and the careful one counts.',
    cure: 'Try it with a short job first.',
  },
  'build-published': { title: 'The build was published', cause: 'It is in the tables.', cure: 'Nothing.' },
  'build-not-published': {
    title: 'There is no such build',
    cause: 'The release was never published for that CUDA, Python or channel.',
    cure: 'Take one of those that the finding names.',
  },
  'build-unknown': {
    title: 'Which build it would be cannot be told',
    cause: 'Version, channel or build string leave several, or the tables have none.',
    cure: 'Name the wheel tag (cu121) or the build string.',
  },
  'release-unknown': {
    title: 'The release is not known',
    cause: 'It is newer than the tables, or was never published.',
    cure: 'Check the version. The operator can put a newer matrixFile into the configuration.',
  },
  'framework-unknown': {
    title: 'The framework is not known',
    cause: 'The tables have pytorch, tensorflow, jax, tfjs-node-gpu and the CUDA runtime.',
    cure: 'Ask about the CUDA that it was built for: --framework cuda-runtime --cuda 12.1.',
  },
  'spec-unreadable': {
    title: 'The match spec cannot be read',
    cause: 'It is not of the form channel::name=version=build.',
    cure: "Write it as conda does: 'pytorch::pytorch=1.3=*cuda9.2*'.",
  },
  'question-contradicts': {
    title: 'The question contradicts itself',
    cause: 'Two of its fields cannot both be true, such as a wheel of one CUDA and --cuda of another.',
    cure: 'Leave one of them out.',
  },
  'python-range': {
    title: 'Python and the release do not go together',
    cause: 'Each release is built for a few versions of Python.',
    cure: 'Take a Python within the range that the finding names.',
  },
  glibc: {
    title: 'The glibc of the nodes counts',
    cause: 'A build needs a least glibc, and that of a node cannot be exchanged.',
    cure: 'Where it is too old take an older release or a build of conda-forge style for older systems; or another partition.',
  },
  'glibc-unreadable': {
    title: 'That is no version of glibc',
    cause: 'It is written as 2.28.',
    cure: 'ldd --version prints it.',
  },
  'cpu-arch': {
    title: 'The processor counts',
    cause: 'The build is for another architecture, or needs instructions (AVX2 and the like) that not every node has.',
    cure: 'Take a build for the architecture of the nodes, or another partition.',
  },
  'cuda-guard': {
    title: 'A package asks for a driver through __cuda',
    cause: "conda's virtual package __cuda is the newest CUDA that the driver of the node runs.",
    cure: 'Where it is below what the package asks, take a build for an older CUDA.',
  },
  'cuda-override': {
    title: 'The solver was told of another CUDA than the node has',
    cause: 'CONDA_OVERRIDE_CUDA replaces what is there, for the solver only.',
    cure: 'Set it to what the driver of the nodes supports; the finding names the figure.',
  },
  napi: {
    title: 'Node.js and the native module do not go together',
    cause: 'A compiled module is made for versions of Node-API, which go with versions of Node.js.',
    cure: 'Take a Node.js that has the version that is named.',
  },
  'cudnn-mismatch': {
    title: 'It is built for another cuDNN',
    cause: 'The library that is found is older or of another major version than the build was made with.',
    cure: 'Install the cuDNN that the finding names, or leave it out where the build brings its own.',
  },
  'cudnn-arch': {
    title: 'This cuDNN and this GPU',
    cause: 'Each cuDNN supports some compute capabilities, and not the oldest and the newest.',
    cure: 'Take a cuDNN (and a build) that names the GPU.',
  },
  'cudnn-unknown': {
    title: 'This cuDNN is not known',
    cause: 'The tables have no row for it.',
    cure: 'Check the version.',
  },
  'cudnn-unpinned': {
    title: 'The build does not fix its cuDNN',
    cause: 'Any of the versions that its package allows may be installed.',
    cure: 'Pin it where it has to be the same each time.',
  },
  'libraries-bundled': {
    title: 'The build brings its CUDA libraries',
    cause: 'What is installed on the node does not count but for the driver.',
    cure: 'Nothing.',
  },
  'runtime-match': {
    title: 'The CUDA libraries are those of the build',
    cause: 'The environment has the runtime that the framework was built for.',
    cure: 'Nothing.',
  },
  'runtime-mismatch': {
    title: 'The CUDA libraries are others than the build needs',
    cause: 'The framework looks for one version of the libraries, and the environment or the module has another.',
    cure: 'Install the runtime that the finding names, from the same channel as the framework.',
  },
  'no-gpu': { title: 'It uses no GPU', cause: 'No driver and no CUDA have to fit.', cure: 'Nothing.' },
  'no-gpu-package': {
    title: 'No package of the environment needs a GPU',
    cause: 'None that the tables know asks for a driver or a CUDA.',
    cure: 'Nothing; or add the build for CUDA if a GPU was to be used.',
  },
  'lock-fits': {
    title: 'The nodes offer what the lock asks for',
    cause: 'Driver, glibc and processor are what its packages need, as far as they are known.',
    cure: 'Nothing.',
  },
  'lock-platform': {
    title: 'The environment is made for another platform',
    cause: 'A lock is for one platform, such as linux-64, and the nodes are of another.',
    cure: 'Solve the environment for this partition.',
  },
  claimed: {
    title: 'A job of a user said so',
    cause: 'What a job tells of its node warns and does not decide, for it could be wrong.',
    cure: PROBE,
  },
}

// The tutorial's channels, `pytorch` and `main`, with the metadata that real ones had in 2019 (names, versions, builds, dependencies): on a
// target with CUDA 9.2 its environment resolves to 38 packages. The archives are small; the driver a package needs stands in `constrains`,
// as hot fixes of repodata put it there, or nowhere, as in 2018.
import { join } from 'node:path'
import { type BuiltChannel, buildChannel, type CondaPackage, type PackageFile, PLACEHOLDER } from './conda-channel.ts'

/** Of conda/environments; `channel::name` pins included. */
export const TUTORIAL_SPEC = `channels:
  - pytorch
  - main
dependencies:
  - python<3.7
  - pytorch::torchvision
  - pytorch::pytorch=1.3=*cuda9.2*
  - matplotlib
  - numpy
  - scipy
  - scikit-learn
  - tensorflow==1.12
`
export const TUTORIAL_PACKAGES = 38

export interface TutorialChannels {
  pytorch: BuiltChannel
  main: BuiltChannel
}

/**
 * Writes DIRECTORY/pytorch and DIRECTORY/main. `driverConstrained: false` is the metadata of 2018, of which no solver learns that
 * cudatoolkit needs a driver. `archives: true` makes real ones.
 */
export async function buildTutorialChannels(
  directory: string,
  { driverConstrained = true, archives = true }: { driverConstrained?: boolean; archives?: boolean } = {},
): Promise<TutorialChannels> {
  return {
    pytorch: await buildChannel(join(directory, 'pytorch'), pytorchPackages(), { archives }),
    main: await buildChannel(join(directory, 'main'), mainPackages(driverConstrained), { archives }),
  }
}

const PYTHON_36 = 'python >=3.6,<3.7.0a0'
const PYTHON_37 = 'python >=3.7,<3.8.0a0'

/** In 2019 archives were .tar.bz2 on the one channel, and had begun to be .conda on the other. */
const bz2 = (
  name: string,
  version: string,
  build: string,
  depends: readonly string[] = [],
  more = {},
): CondaPackage => ({
  name,
  version,
  build,
  depends,
  ending: '.tar.bz2',
  ...more,
})
const conda = (
  name: string,
  version: string,
  build: string,
  depends: readonly string[] = [],
  more = {},
): CondaPackage => ({
  ...bz2(name, version, build, depends),
  ending: '.conda',
  ...more,
})

function pytorchPackages(): CondaPackage[] {
  const torch = ['1.2.0', '1.3.0', '1.3.1'].flatMap(version => [
    ...['3.6', '3.7'].flatMap(python =>
      [
        ['9.2.148', '9.2', '9.3'],
        ['10.1.243', '10.1', '10.2'],
      ].map(([cuda, from, below]) =>
        bz2(
          'pytorch',
          version,
          `py${python}_cuda${cuda}_cudnn7.6.3_0`,
          [
            'blas * mkl',
            'cffi',
            `cudatoolkit >=${from},<${below}`,
            'mkl >=2018',
            'ninja',
            'numpy >=1.11',
            python === '3.6' ? PYTHON_36 : PYTHON_37,
          ],
          {
            constrains: ['cpuonly <0'],
            size: 500_000_000,
            files: { [`lib/python${python}/site-packages/torch/version.py`]: `cuda = '${cuda}'\n` },
          },
        ),
      ),
    ),
    bz2('pytorch', version, 'py3.6_cpu_0', [
      'blas * mkl',
      'cffi',
      'cpuonly',
      'mkl >=2018',
      'ninja',
      'numpy >=1.11',
      PYTHON_36,
    ]),
  ])
  const vision = (version: string, build: string, cuda: string, pytorch: string): CondaPackage =>
    bz2('torchvision', version, build, [cuda, 'numpy >=1.11', 'pillow >=4.1.1', PYTHON_36, `pytorch ${pytorch}`, 'six'])
  return [
    ...torch,
    vision('0.4.1', 'py36_cu92', 'cudatoolkit >=9.2,<9.3', '1.3.0'),
    vision('0.4.2', 'py36_cu92', 'cudatoolkit >=9.2,<9.3', '1.3.1'),
    vision('0.4.2', 'py36_cu101', 'cudatoolkit >=10.1,<10.2', '1.3.1'),
    bz2('cpuonly', '1.0', '0', [], { trackFeatures: 'pytorch-mutex' }),
  ]
}

function mainPackages(driverConstrained: boolean): CondaPackage[] {
  const needsDriver = (version: string) => (driverConstrained ? { constrains: [`__cuda >=${version}`] } : {})
  const interpreter = (version: string, build: string): CondaPackage =>
    conda(
      'python',
      version,
      build,
      ['libgcc-ng >=7.3.0', 'openssl >=1.1.1c,<1.1.2a', 'sqlite', 'zlib', 'readline', 'pip'],
      { files: interpreterFiles(version) },
    )
  return [
    interpreter('3.6.9', 'h265db76_0'),
    interpreter('3.7.4', 'h265db76_1'),
    conda('openssl', '1.1.1d', 'h7b6447c_3', ['ca-certificates', 'libgcc-ng >=7.3.0']),
    conda('ca-certificates', '2019.10.16', '0'),
    conda('libgcc-ng', '9.1.0', 'hdf63c60_0', ['__glibc >=2.17', '_libgcc_mutex']),
    conda('_libgcc_mutex', '0.1', 'main'),
    conda('libstdcxx-ng', '9.1.0', 'hdf63c60_0'),
    conda('sqlite', '3.30.0', 'h7b6447c_0'),
    conda('zlib', '1.2.11', 'h7b6447c_3', [], {
      files: {
        'lib/libz.so.1.2.11': { content: Buffer.from(`\0ELF of a kind ${PLACEHOLDER}/lib\0\0`), prefix: 'binary' },
        'include/zlib.h': '#define ZLIB_VERSION "1.2.11"\n',
      },
      links: { 'lib/libz.so': 'libz.so.1.2.11', 'lib/libz.so.1': 'libz.so.1.2.11' },
    }),
    conda('readline', '7.0', 'h7b6447c_5'),
    ...[
      ['36', PYTHON_36],
      ['37', PYTHON_37],
    ].flatMap(([py = '', python = '']) => forPython(py, python)),
    conda('ninja', '1.9.0', 'py36hfd86e86_0', [PYTHON_36]),
    bz2('blas', '1.0', 'mkl'),
    bz2('mkl', '2019.4', '243', ['intel-openmp']),
    bz2('intel-openmp', '2019.4', '243'),
    bz2('cudatoolkit', '8.0', '3', [], needsDriver('8.0')),
    bz2('cudatoolkit', '9.0', 'h13b8566_0', [], needsDriver('9.0')),
    bz2('cudatoolkit', '9.2', '0', [], { ...needsDriver('9.2'), size: 351_000_000 }),
    bz2('cudatoolkit', '10.1.168', '0', [], needsDriver('10.1')),
    bz2('cudnn', '7.6.0', 'cuda9.2_0', ['cudatoolkit 9.2.*']),
    bz2('cupti', '9.2.148', '0', ['cudatoolkit 9.2.*']),
    ...tensorflow(),
    bz2('pyparsing', '2.4.2', 'py_0', ['python'], { subdir: 'noarch', noarch: 'python', files: pure('pyparsing') }),
    bz2('python-dateutil', '2.8.0', 'py_0', ['python', 'six'], {
      subdir: 'noarch',
      noarch: 'python',
      files: pure('dateutil'),
    }),
    bz2('werkzeug', '0.16.0', 'py_0', ['python'], { subdir: 'noarch', noarch: 'python', files: pure('werkzeug') }),
  ]
}

const pure = (module: string): Record<string, string> => ({ [`site-packages/${module}.py`]: `name = '${module}'\n` })

/** A program whose first line holds the prefix, and a binary that holds it too. */
function interpreterFiles(version: string): Record<string, string | PackageFile> {
  const short = version.split('.').slice(0, 2).join('.')
  return {
    [`bin/python${short}`]: {
      content: `#!/bin/sh\necho "Python ${version} at ${PLACEHOLDER}"\n`,
      prefix: 'text',
      executable: true,
    },
    [`lib/libpython${short}m.so.1.0`]: {
      content: Buffer.from(`\0ELF of a kind ${PLACEHOLDER}/lib/python${short}\0${'\0'.repeat(64)}`),
      prefix: 'binary',
    },
    [`lib/python${short}/site.py`]: `version = '${version}'\n`,
  }
}

function forPython(py: string, python: string): CondaPackage[] {
  const plain = (name: string, version: string, build: string, depends: readonly string[] = []): CondaPackage =>
    conda(name, version, `py${py}${build}`, [python, ...depends])
  return [
    conda('pip', '19.3.1', `py${py}_0`, [python, 'setuptools', 'wheel']),
    plain('setuptools', '41.4.0', '_0'),
    plain('wheel', '0.33.6', '_0'),
    plain('six', '1.12.0', '_0'),
    plain('numpy', '1.17.2', 'haad9e8e_0', ['blas 1.0 mkl', 'libgcc-ng', 'mkl >=2019.4', 'numpy-base 1.17.2']),
    plain('numpy-base', '1.17.2', 'hde5b4d6_0', ['mkl']),
    plain('pillow', '6.2.0', 'h34e0f95_0', ['zlib']),
    plain('cffi', '1.12.3', 'h2e261b9_0'),
    plain('matplotlib', '3.1.1', 'h5429711_0', ['cycler', 'kiwisolver', 'numpy', 'pyparsing', 'python-dateutil']),
    plain('cycler', '0.10.0', '_0', ['six']),
    plain('kiwisolver', '1.1.0', 'he6710b0_0'),
    plain('scipy', '1.3.1', 'h7c811a0_0', ['numpy']),
    plain('tensorboard', '1.12.2', 'he6710b0_0', ['protobuf', 'werkzeug']),
    plain('protobuf', '3.9.2', 'he6710b0_0', ['six']),
    plain('h5py', '2.9.0', 'h7918eee_0', ['numpy']),
    plain('grpcio', '1.16.1', 'hf8bcb03_1'),
    plain('scikit-learn', '0.21.3', 'hd81dba3_0', ['numpy', 'scipy']),
  ]
}

function tensorflow(): CondaPackage[] {
  const frontend = (version: string, build: string, select: string, depends: readonly string[]): CondaPackage =>
    conda('tensorflow', version, build, [`_tflow_select ${select}`, PYTHON_36, ...depends])
  const base = ['h5py', 'grpcio', 'numpy', 'protobuf', 'six', PYTHON_36]
  return [
    conda('_tflow_select', '2.1.0', 'gpu'),
    conda('_tflow_select', '2.2.0', 'eigen'),
    conda('_tflow_select', '2.3.0', 'mkl'),
    frontend('1.12.0', 'mkl_py36h69b6ba0_0', '2.3.0', [
      'tensorboard >=1.12.0,<1.13.0a0',
      'tensorflow-base 1.12.0 mkl_py36h3c3e929_0',
    ]),
    frontend('1.12.0', 'gpu_py36he74679b_0', '2.1.0', [
      'tensorboard >=1.12.0,<1.13.0a0',
      'tensorflow-base 1.12.0 gpu_py36had579c0_0',
    ]),
    frontend('1.14.0', 'mkl_py36h2526735_0', '2.3.0', ['tensorboard >=1.14.0,<1.15.0a0']),
    conda('tensorflow-base', '1.12.0', 'mkl_py36h3c3e929_0', ['mkl >=2018', ...base]),
    conda('tensorflow-base', '1.12.0', 'gpu_py36had579c0_0', [
      'cudatoolkit 9.2.*',
      'cudnn >=7.2.1,<8.0a0',
      'cupti 9.2.*',
      ...base,
    ]),
  ]
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { channelsAsked } from '@trotline/environment'
import { channelComplaint } from '../../../../packages/environment/src/spec/channel-line.ts'
import { condaComplaint } from '../../../../packages/environment/src/spec/conda-line.ts'
import { pipComplaint } from '../../../../packages/environment/src/spec/pip-line.ts'

const HASH = `--hash=sha256:${'a1'.repeat(32)}`

test('match specs are taken in every way that conda has of writing them', () => {
  for (const line of [
    'numpy',
    'python<3.7',
    'python >=3.6,<3.9',
    'python=3.10',
    'python==3.6.13',
    'tensorflow==1.12',
    'pytorch::pytorch=1.3=*cuda9.2*',
    'conda-forge/linux-64::numpy=1.19=py36h54aff64_0',
    'https://conda.example.org/my-channel::numpy',
    'numpy 1.19.* py36*',
    "numpy[version='>=1.19,<2', build=py36*]",
    'openssl=1.1.1k',
    'tzdata=2021e',
    'python=3.6|3.7',
    'libgcc-ng!=9.1',
    'jpeg~=9.4',
    '_libgcc_mutex=0.1=main',
    'pytorch=*=*cuda9.2*',
    '7zip',
    'numpy # a remark',
  ])
    assert.equal(condaComplaint(line), null, line)
})

test('what is more than a package is refused: shells, paths, options, addresses, virtual packages, keys nobody reads', () => {
  const cases: [string, RegExp][] = [
    ['numpy; rm -rf /', /";" has no place/],
    ['numpy && reboot', /"&" has no place/],
    ['$(id)', /"\$" has no place/],
    ['`id`', /"`" has no place/],
    ['numpy > /dev/null', /"\/" has no place/],
    ['../x', /is a file/],
    ['/tmp/x.tar.bz2', /is a file/],
    ['./x-1.0-0.conda', /is a file/],
    ['file:///tmp/x', /is a file/],
    ['~/x', /is a file/],
    ['C:\\x', /is a file/],
    ['https://conda.example.org/linux-64/x-1-0.conda', /is a file/],
    ['https://conda.example.org/x', /is an address/],
    ['--file=x', /is an option/],
    ['-c evil numpy', /is an option/],
    ['@EXPLICIT', /"@" has no place/],
    ['__cuda=12', /virtual package/],
    ['numpy=latest', /where a version belongs/],
    ['numpy[channel=evil]', /the key "channel"/],
    ['numpy[url=x, version=1]', /the key "url"/],
    ['numpy[version=1', /cannot be read/],
    ['numpy==1.0==2', /where a version belongs/],
    ['пакет', /has no place/],
    ['https://me:secret@conda.example.org/c::numpy', /a user or a password/],
    ['../c::numpy', /is a file/],
    ['a b::numpy', /is no channel/],
  ]
  for (const [line, detail] of cases) assert.match(condaComplaint(line)?.detail ?? 'taken', detail, line)
  assert.doesNotMatch(JSON.stringify(condaComplaint('https://me:secret@conda.example.org/c::numpy')), /secret/)
})

test('requirements of pip are taken with extras, versions, markers and hashes', () => {
  for (const line of [
    'torchviz',
    'torchviz==0.0.2',
    'torch==2.1.2+cu121',
    'jax[cuda12]>=0.4.30,<0.5',
    'tensorflow[and-cuda]==2.19.*',
    'tomli>=1.1; python_version < "3.11"',
    'x (>=1.0)',
    `torchviz==0.0.2 ${HASH}`,
    `torchviz==0.0.2 ${HASH} ${HASH.replace('a1', 'b2')}`,
    'numpy  # a remark',
  ])
    assert.equal(pipComplaint(line), null, line)
})

test('options, files, folders and addresses of pip are refused by what they do', () => {
  const cases: [string, RegExp][] = [
    ['-e ..', /option of pip that installs a folder/],
    ['--editable=.', /installs a folder/],
    ['-r other.txt', /reads another file/],
    ['-rother.txt', /reads another file/],
    ['--requirement other.txt', /reads another file/],
    ['-c constraints.txt', /reads another file/],
    ['--index-url https://wheels.example.org', /chooses where packages come from/],
    ['--extra-index-url=https://wheels.example.org', /chooses where packages come from/],
    ['-ihttps://wheels.example.org', /chooses where packages come from/],
    ['--find-links .', /chooses where packages come from/],
    ['--pre', /is an option of pip, not a package/],
    ['file:///tmp/x', /is an address/],
    ['git+https://git.example.org/x', /is an address/],
    ['https://files.example.org/x-1.whl', /is an address/],
    ['x @ https://files.example.org/x-1.whl', /is an address/],
    ['x[a] @ file:///etc', /is an address/],
    ['.', /is a file or a folder/],
    ['./x', /is a file or a folder/],
    ['../x', /is a file or a folder/],
    ['/x', /is a file or a folder/],
    ['dist/x-1.whl', /is a file or a folder/],
    ['x-1.tar.gz', /is a file or a folder/],
    ['x==latest', /where a version belongs/],
    ['x>=2.*', /where a version belongs/],
    ['x; $(id)', /where a marker belongs/],
    ['x && id', /where a version belongs/],
    ['x --no-deps', /has the option "--no-deps"/],
    ['x==1 --hash=md5:00', /no sha256/],
    ['x==1 --hash=sha256:00', /no sha256/],
  ]
  for (const [line, detail] of cases) assert.match(pipComplaint(line)?.detail ?? 'taken', detail, line)
})

test('channels are names and addresses; paths, tokens and passwords are refused, and no secret is repeated', () => {
  for (const channel of [
    'conda-forge',
    'pytorch/label/nightly',
    'https://conda.example.org/c',
    'http://127.0.0.1:8080/c/',
  ])
    assert.equal(channelComplaint(channel), null, channel)
  for (const [channel, detail] of [
    ['/srv/mirror', /is a path/],
    ['./mirror', /is a path/],
    ['../mirror', /is a path/],
    ['file:///srv/mirror', /is a path/],
    ['https://me:secret@conda.example.org/c', /a user or a password/],
    ['https://secret@conda.example.org/c', /a user or a password/],
    ['https://conda.example.org/t/secret/c', /holds a token/],
    ['t/secret/c', /holds a token/],
    ['https://conda.example.org/c?token=secret', /is no channel/],
    ['https://conda.example.org/a/../b', /is no channel/],
    ['conda-forge evil', /is no channel/],
    ['$CHANNEL', /is no channel/],
    ['ftp://conda.example.org/c', /is no channel/],
  ] as const) {
    assert.match(channelComplaint(channel)?.detail ?? 'taken', detail, channel)
    if (/user|token/.test(detail.source)) assert.doesNotMatch(JSON.stringify(channelComplaint(channel)), /secret/)
  }
})

test('the channels to ask are the listed ones in their order, and those of single pins beside them', () => {
  assert.deepEqual(
    channelsAsked({
      channels: ['conda-forge', 'https://conda.example.org/own/'],
      dependencies: [
        'pytorch::pytorch',
        'conda-forge/linux-64::numpy',
        'https://conda.example.org/own::x',
        'nvidia/label/cuda-12.1::cuda',
        'python',
        { pip: ['a'] },
      ],
    }),
    { listed: ['conda-forge', 'https://conda.example.org/own'], pinnedOnly: ['nvidia/label/cuda-12.1', 'pytorch'] },
  )
})

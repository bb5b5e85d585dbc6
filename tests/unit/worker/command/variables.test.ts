import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { variablesOf } from '../../../../apps/worker/src/command/variables.ts'

const place = {
  jobId: 'a00000000000',
  run: '2-1',
  prefix: null,
  reported: '/j/runs/2-1/reported.jsonl',
  checkpoints: '/j/runs/2-1/checkpoints',
  resume: null,
  seed: 7,
}
const inherited = {
  PATH: '/usr/bin:/bin',
  SLURM_JOB_ID: '9',
  LD_LIBRARY_PATH: '/opt/cuda/lib64',
  PYTHONPATH: '/home/ada/lib',
  PYTHONHOME: '/opt/python',
  CONDA_PREFIX: '/home/ada/miniconda3',
  CONDA_EXE: '/home/ada/miniconda3/bin/conda',
  _CE_CONDA: '',
  VIRTUAL_ENV: '/home/ada/venv',
  TROTLINE_TOKEN: 'secret',
}

describe('the variables of a command', () => {
  test('are the job’s own, and what it may want to know of its run', () => {
    const variables = variablesOf(inherited, { LR: '0.1' }, place)
    const { TROTLINE_TOKEN: _, ...kept } = inherited
    assert.deepEqual(variables, {
      ...kept,
      PYTHONUNBUFFERED: '1',
      PYTHONHASHSEED: '7',
      LR: '0.1',
      TROTLINE_JOB: 'a00000000000',
      TROTLINE_RUN: '2-1',
      TROTLINE_SEED: '7',
      TROTLINE_EPOCHS: '/j/runs/2-1/reported.jsonl',
      TROTLINE_CHECKPOINTS: '/j/runs/2-1/checkpoints',
    })
  })

  test('lead into the environment and not into another one, nor to packages that its lock does not name', () => {
    const variables = variablesOf(inherited, {}, { ...place, prefix: '/e/1' })
    const { PATH, CONDA_PREFIX, PYTHONNOUSERSITE, LD_LIBRARY_PATH } = variables
    assert.equal(PATH, '/e/1/bin:/usr/bin:/bin')
    assert.deepEqual([CONDA_PREFIX, PYTHONNOUSERSITE, LD_LIBRARY_PATH], ['/e/1', '1', '/opt/cuda/lib64'])
    for (const name of ['PYTHONPATH', 'PYTHONHOME', 'CONDA_EXE', '_CE_CONDA', 'VIRTUAL_ENV'])
      assert.equal(variables[name], undefined, name)
  })

  test('have an empty PATH only the environment in it: an empty part would be the folder that the command starts in', () => {
    assert.equal(variablesOf({}, {}, { ...place, prefix: '/e/1' }).PATH, '/e/1/bin')
  })

  test('name what an older run left only where one did', () => {
    assert.equal(variablesOf({ TROTLINE_RESUME: '/old' }, {}, place).TROTLINE_RESUME, undefined)
    assert.equal(
      variablesOf({}, {}, { ...place, resume: '/j/runs/1-0/checkpoints' }).TROTLINE_RESUME,
      '/j/runs/1-0/checkpoints',
    )
  })

  test('are the request’s where it says others of Python’s', () => {
    assert.equal(variablesOf(inherited, { PYTHONHASHSEED: 'random' }, place).PYTHONHASHSEED, 'random')
  })
})

// Requests as people write them, for the API's description. Those of jobs are deploy/examples, which a test holds them to.

type Examples = Readonly<Record<string, unknown>>

const JOBS: Examples = {
  'linear-regression': {
    name: 'linear-regression',
    cluster: 'local',
    resources: {
      partition: 'shared',
      cpus: 1,
      memoryMiB: 1024,
      timeLimitMinutes: 30,
    },
    training: {
      kind: 'preset',
      preset: 'linear-regression',
      epochs: 1000,
      seed: 42,
    },
  },
  'auto-mpg': {
    name: 'auto-mpg',
    cluster: 'local',
    resources: {
      partition: 'shared',
      cpus: 1,
      memoryMiB: 2048,
      timeLimitMinutes: 30,
    },
    training: {
      kind: 'preset',
      preset: 'auto-mpg',
      epochs: 1000,
      seed: 0,
    },
  },
  'csv-regression': {
    name: 'house-prices',
    cluster: 'local',
    resources: {
      partition: 'shared',
      cpus: 1,
      memoryMiB: 2048,
      timeLimitMinutes: 30,
    },
    training: {
      kind: 'model',
      data: {
        format: 'csv',
        path: '/scratch/data/houses.csv',
        target: 'price',
        columns: {
          district: 'category',
          heating: {
            categories: ['gas', 'oil', 'pump'],
          },
          address: 'skip',
        },
        missing: ['', 'NA', '?'],
        onMissing: 'drop',
        normalize: 'zScore',
      },
      split: {
        trainFraction: 0.8,
        splitSeed: 0,
      },
      validationSplit: 0.2,
      model: {
        layers: [
          {
            kind: 'dense',
            units: 64,
            activation: 'relu',
          },
          {
            kind: 'dropout',
            rate: 0.1,
          },
          {
            kind: 'dense',
            units: 64,
            activation: 'relu',
          },
          {
            kind: 'dense',
            units: 1,
          },
        ],
      },
      optimizer: {
        kind: 'adam',
        learningRate: {
          kind: 'cosineDecay',
          initialLearningRate: 0.001,
          decaySteps: 20000,
        },
      },
      loss: 'mse',
      metrics: ['mae'],
      epochs: 500,
      batchSize: 32,
      earlyStopping: {
        monitor: 'val_loss',
        patience: 20,
        restoreBestWeights: true,
      },
      seed: 0,
    },
  },
  command: {
    name: 'own-program',
    cluster: 'local',
    resources: {
      partition: 'shared',
      cpus: 1,
      memoryMiB: 512,
      timeLimitMinutes: 30,
    },
    training: {
      kind: 'command',
      command: ['python3', 'train.py', '--rate', '0.1'],
      epochs: 20,
      seed: 0,
      files: {
        'train.py':
          'import json, os, random, signal, sys, time\n\nrandom.seed(int(os.environ["TROTLINE_SEED"]))\nrate = float(sys.argv[sys.argv.index("--rate") + 1])\nslope, epoch = 0.0, 0\n\n# What an earlier run left, where this one was preempted, or needs more time than its partition gives at once.\nif "TROTLINE_RESUME" in os.environ:\n    with open(os.path.join(os.environ["TROTLINE_RESUME"], "state.json")) as file:\n        slope, epoch = json.load(file)\n\ndef keep():\n    path = os.path.join(os.environ["TROTLINE_CHECKPOINTS"], "state.json")\n    with open(path + ".new", "w") as file:\n        json.dump([slope, epoch], file)\n    os.replace(path + ".new", path)\n\n# SIGTERM: the time is over. What was kept is gone on from.\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n\nwith open(os.environ["TROTLINE_EPOCHS"], "a") as epochs:\n    while epoch < 20:\n        x = random.uniform(-1, 1)\n        error = slope * x - 3 * x\n        slope -= rate * error * x\n        time.sleep(0.1)\n        epochs.write(json.dumps({"epoch": epoch, "loss": error * error, "slope": slope}) + "\\n")\n        epochs.flush()\n        epoch += 1\n        keep()\n\nprint("slope", slope)\n',
      },
    },
  },
}

/** By route. */
export const REQUEST_EXAMPLES: Readonly<Record<string, Examples>> = {
  'post /v1/jobs': JOBS,
  'post /v1/jobs/{id}/rerun': { 'as it was': {} },
  'post /v1/clusters/{name}/pause': { 'with a reason': { why: 'The file system is being mended.' } },
  'post /v1/clusters/{name}/probe': { 'one partition': { partition: 'gpu' } },
  'post /v1/webhooks': {
    'when something is wrong, or a long job is done': { url: 'https://relay.example.org/trotline' },
    'one job, whatever becomes of it': {
      url: 'https://relay.example.org/trotline',
      job: 'kq3v7m2x9pbw',
      events: ['started', 'held', 'completed', 'failed', 'cancelled'],
    },
    'a channel of a chat': {
      url: 'https://chat.example.org/hooks/T0/B0/x',
      name: 'reef',
      labels: { project: 'reef' },
      format: 'slack',
    },
  },
  'post /v1/compatibility/suggest': { 'a partition': { cluster: 'local', partition: 'gpu' } },
}

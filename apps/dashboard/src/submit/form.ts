// The form of the submit page and the request that it makes. Pure. Whatever the form does not know is written as JSON instead.
import type { JobRequest, Preset } from '@trotline/contracts'

export const WAYS = ['linear-regression', 'auto-mpg', 'fashion-mnist', 'cifar10', 'command', 'json'] as const
export type Way = (typeof WAYS)[number]

/** As typed: numbers are text until they are sent. */
export interface Form {
  way: Way
  name: string
  cluster: string
  partition: string
  gpus: string
  gpuType: string
  cpus: string
  memoryMiB: string
  timeLimitMinutes: string
  account: string
  qos: string
  constraint: string
  reservation: string
  environment: string
  labels: string
  epochs: string
  seed: string
  backend: string
  /** Of the presets that read files. */
  directory: string
  /** A word a line. */
  command: string
  /** The whole request. */
  json: string
}

export const PRESETS: Readonly<Record<Way, { title: string; text: string; epochs: string }>> = {
  'linear-regression': { title: 'Linear regression', text: 'A line through points. Seconds, no GPU.', epochs: '1000' },
  'auto-mpg': {
    title: 'Auto MPG',
    text: 'How much fuel a car needs: a small dense network. A minute, no GPU.',
    epochs: '1000',
  },
  'fashion-mnist': { title: 'Fashion-MNIST', text: 'Clothes in ten classes: a convolutional network.', epochs: '2' },
  cifar10: { title: 'CIFAR-10', text: 'Pictures in ten classes, from a folder that the nodes see.', epochs: '2' },
  command: { title: 'A program', text: 'Any command; it may report its epochs.', epochs: '' },
  json: { title: 'JSON', text: 'The whole request by hand, a model of your own for example.', epochs: '' },
}

export const readsFiles = (way: Way): boolean => way === 'fashion-mnist' || way === 'cifar10'

export const EMPTY: Form = {
  way: 'auto-mpg',
  name: 'auto-mpg',
  cluster: '',
  partition: '',
  gpus: '0',
  gpuType: '',
  cpus: '1',
  memoryMiB: '2048',
  timeLimitMinutes: '30',
  account: '',
  qos: '',
  constraint: '',
  reservation: '',
  environment: '',
  labels: '',
  epochs: '1000',
  seed: '0',
  backend: 'auto',
  directory: '',
  command: '',
  json: '',
}

/** Another way, with the name and the epochs that go with it unless the person wrote their own. */
export function withWay(form: Form, way: Way): Form {
  const own = form.name !== form.way && form.name !== ''
  const name = own ? form.name : way === 'command' || way === 'json' ? 'own-program' : way
  if (way === 'json') return { ...form, way, name, json: JSON.stringify(requestOf(form).request ?? {}, null, 2) }
  return { ...form, way, name, epochs: PRESETS[way].epochs }
}

/** `problem`: it cannot be sent as it is. */
export function requestOf(
  form: Form,
): { request: unknown; problem?: undefined } | { request?: undefined; problem: string } {
  if (form.way === 'json') {
    try {
      return { request: JSON.parse(form.json) }
    } catch (error) {
      return { problem: `This is not JSON: ${(error as Error).message}` }
    }
  }
  const text = (value: string): string | undefined => (value.trim() === '' ? undefined : value.trim())
  const training =
    form.way === 'command'
      ? {
          kind: 'command',
          command: form.command.split('\n').filter(word => word !== ''),
          ...given('epochs', number(form.epochs)),
          ...given('seed', number(form.seed)),
        }
      : {
          kind: 'preset',
          preset: form.way,
          ...given('epochs', number(form.epochs)),
          ...given('seed', number(form.seed)),
          ...(form.backend === 'auto' ? {} : { backend: form.backend }),
          ...(readsFiles(form.way) ? given('directory', text(form.directory)) : {}),
        }
  const labels = labelsOf(form.labels)
  return {
    request: {
      name: form.name.trim(),
      cluster: form.cluster,
      resources: {
        partition: form.partition,
        ...(form.gpus.trim() === '0' ? {} : given('gpus', number(form.gpus))),
        ...given('gpuType', text(form.gpuType)),
        ...given('cpus', number(form.cpus)),
        ...given('memoryMiB', number(form.memoryMiB)),
        ...given('timeLimitMinutes', number(form.timeLimitMinutes)),
        ...given('account', text(form.account)),
        ...given('qos', text(form.qos)),
        ...given('constraint', text(form.constraint)),
        ...given('reservation', text(form.reservation)),
      },
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
      ...(text(form.environment) === undefined ? {} : { environment: environmentOf(form.environment.trim()) }),
      training,
    },
  }
}

/** What was asked for, to be changed and asked for again. What the form does not know is JSON. */
export function formOf(request: JobRequest): Form {
  const { name, cluster, resources, labels, environment, training } = request
  const json = JSON.stringify(request, null, 2)
  const known = {
    ...EMPTY,
    name,
    cluster,
    partition: resources.partition,
    gpus: String(resources.gpus),
    gpuType: resources.gpuType ?? '',
    cpus: String(resources.cpus),
    memoryMiB: String(resources.memoryMiB),
    timeLimitMinutes: String(resources.timeLimitMinutes),
    account: resources.account ?? '',
    qos: resources.qos ?? '',
    constraint: resources.constraint ?? '',
    reservation: resources.reservation ?? '',
    labels: Object.entries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(' '),
    environment:
      environment === null
        ? ''
        : 'name' in environment
          ? environment.name
          : 'lock' in environment
            ? environment.lock
            : '',
    json,
  }
  const whole = (form: Form): Form => {
    const made = requestOf(form).request as { training: Record<string, unknown>; resources: Record<string, unknown> }
    const lost = (asked: object, said: Record<string, unknown>, plain: Record<string, unknown>): boolean =>
      Object.entries(asked).some(
        ([key, value]) => said[key] === undefined && JSON.stringify(value) !== JSON.stringify(plain[key]),
      )
    const other = lost(resources, made.resources, PLAIN_RESOURCES) || lost(training, made.training, PLAIN_TRAINING)
    return other || (environment !== null && 'spec' in environment) ? { ...known, way: 'json' } : form
  }
  if (training.kind === 'preset')
    return whole({
      ...known,
      way: training.preset satisfies Preset,
      epochs: String(training.epochs),
      seed: String(training.seed),
      backend: training.backend,
      directory: 'directory' in training ? training.directory : '',
    })
  if (training.kind === 'command')
    return whole({
      ...known,
      way: 'command',
      command: training.command.join('\n'),
      epochs: training.epochs === null ? '' : String(training.epochs),
      seed: String(training.seed),
    })
  return { ...known, way: 'json' }
}

/** What a field that the form leaves out stands for. */
const PLAIN_RESOURCES: Record<string, unknown> = {
  gpus: 0,
  gpuType: null,
  nodes: 1,
  account: null,
  qos: null,
  constraint: null,
  reservation: null,
  excludeNodes: [],
  licenses: null,
  hold: false,
  beginAt: null,
  afterJobs: [],
  requeue: true,
}
const PLAIN_TRAINING: Record<string, unknown> = {
  backend: 'auto',
  form: 'manual',
  trainFraction: 0.8,
  splitSeed: 0,
  files: {},
  env: {},
  data: [],
  epochs: null,
}

/** Which field of the form a pointer of a finding means; null: none of them alone. */
export function fieldOf(pointer: string): keyof Form | null {
  const [first, second] = pointer.replace(/^#?\//, '').split('/')
  if (first === 'name' || first === 'cluster' || first === 'environment' || first === 'labels') return first
  const below = { resources: RESOURCE_FIELDS, training: TRAINING_FIELDS }[first ?? '']
  return below?.find(field => field === second) ?? null
}
const RESOURCE_FIELDS = [
  'partition',
  'gpus',
  'gpuType',
  'cpus',
  'memoryMiB',
  'timeLimitMinutes',
  'account',
  'qos',
  'constraint',
  'reservation',
] as const
const TRAINING_FIELDS = ['epochs', 'seed', 'backend', 'directory', 'command'] as const

/** What is no number stays text: the server says so, and to which field. */
function number(text: string): number | string | undefined {
  const trimmed = text.trim()
  if (trimmed === '') return undefined
  const value = Number(trimmed)
  return Number.isFinite(value) ? value : trimmed
}

const given = <T>(name: string, value: T | undefined): Record<string, T> =>
  value === undefined ? {} : { [name]: value }

const environmentOf = (text: string): { lock: string } | { name: string } =>
  /^[0-9a-f]{64}$/.test(text) ? { lock: text } : { name: text }

function labelsOf(text: string): Record<string, string> {
  const pairs = text.split(/[\s,]+/).filter(pair => pair !== '')
  return Object.fromEntries(pairs.map(pair => pair.split(/=(.*)/s).slice(0, 2) as [string, string]))
}

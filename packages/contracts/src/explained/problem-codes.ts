// The `code` of an error answer (RFC 9457). Statuses stand in the server's own table.
import type { Told } from './explain.ts'

const AGAIN = 'Send it again after the seconds in Retry-After; with the same Idempotency-Key nothing is done twice.'

export const PROBLEM_CODES: Readonly<Record<string, Told>> = {
  'invalid-request': {
    title: 'The request does not fit the contract',
    cause:
      'A field is missing, has another type than it should, is out of its range, or is none that there is. Nothing was stored.',
    cure: 'Each entry of findings points at one field and says what was found and what is required. A misspelt field comes with the one that was probably meant. The reference at /docs has every field.',
  },
  unauthorized: {
    title: 'No valid bearer token was given',
    cause:
      'The header Authorization is missing, or this server does not know its token: it may belong to another server or have been taken out of the configuration.',
    cure: 'Send "Authorization: Bearer TOKEN". On the command line: trotline login, then trotline whoami. A new token comes from the operator.',
  },
  forbidden: {
    title: 'Your token does not allow this',
    cause: 'It is for operators, or what it touches belongs to somebody else, such as the name of an environment.',
    cure: 'Ask an operator to do it. For an environment take another name: the lock itself may be shared.',
  },
  'not-found': {
    title: 'There is nothing at this address',
    cause: 'The path is not part of this service, or the server is older than the program that asks it.',
    cure: 'Compare the path with the reference at /docs. Behind a proxy look whether it cuts a part of the path off.',
  },
  'job-not-found': {
    title: 'There is no such job',
    cause: "The id is wrong, or the job belongs to somebody else: another's job does not exist for a user.",
    cure: 'trotline list shows your jobs. Operators see all of them.',
  },
  'cluster-not-found': {
    title: 'There is no such cluster',
    cause: 'The configuration of the server names no cluster of that name.',
    cure: 'trotline clusters shows which there are.',
  },
  'environment-not-found': {
    title: 'There is no such environment',
    cause: 'Neither a name, nor a version such as ml@3, nor an id or its beginning is known by that word.',
    cure: 'trotline env list shows what there is. Eight digits of an id are enough; a name stands for its newest version.',
  },
  'environment-not-made': {
    title: 'The environment is not ready on that cluster',
    cause: 'Its lock is known, but nobody has had it made there yet, or it was removed.',
    cure: 'trotline env build ENV --cluster CLUSTER makes it. A job that needs it has it made by itself.',
  },
  'attempt-not-found': {
    title: 'The job has no such attempt',
    cause: 'Attempts count from 1, one for each time that it ran. This one has not begun.',
    cure: 'trotline show JOB tells which there were. Without the attempt you get the newest.',
  },
  'webhook-not-found': {
    title: 'There is no such webhook',
    cause:
      "The id is wrong, the webhook was removed, or it belongs to somebody else: another's does not exist for you.",
    cure: 'GET /v1/webhooks lists yours; the page shows them under Settings.',
  },
  'artifact-not-found': {
    title: 'The job has no such artifact',
    cause: 'Nothing of that path is among what its result names; before a job has ended it names nothing.',
    cure: 'GET /v1/jobs/{id}/artifacts lists them, and so does the page of the job.',
  },
  'script-not-rendered': {
    title: 'The script has not been rendered yet',
    cause: 'The job was accepted a moment ago and has not been prepared; only then is the sbatch script written.',
    cure: 'Ask again in a few seconds. What would be written shows trotline submit FILE --dry-run.',
  },
  'job-ended': {
    title: 'The job has ended already',
    cause: 'It is completed, failed or cancelled, and nothing changes it any more.',
    cure: 'Nothing has to be cancelled. trotline rerun JOB runs it once more.',
  },
  'job-not-held': {
    title: 'The job is not held',
    cause: 'Only a job that waits for a person can be released. This one goes on by itself, or has ended.',
    cure: 'trotline why JOB tells what it waits for.',
  },
  'idempotency-key-reused': {
    title: 'The Idempotency-Key belongs to another request',
    cause:
      'Within the last 24 hours the same key came with another body or to another address. To guess which of the two was meant could run a job that nobody wants.',
    cure: 'Take a new key for a new request. To repeat the old one send it word for word.',
  },
  'not-reproducible': {
    title: 'It cannot be repeated as it was',
    cause:
      'Something that the first run had cannot be had now: the release of the worker, Node.js, the driver, the GPU or a file of data. The findings name each.',
    cure: 'Accept by name what may be another one: trotline rerun JOB --accept driver,runtime. The new job then says what differs.',
  },
  'environment-in-use': {
    title: 'Jobs that are not over need the environment',
    cause: 'A job that is queued or runs would lose its packages.',
    cure: 'Wait for these jobs or cancel them; then remove it.',
  },
  'snapshot-gone': {
    title: 'That state of the channels is not kept any more',
    cause: 'What channels said is kept up to a limit, the oldest goes first, and this state is gone.',
    cure: 'Solve against the present state: leave --snapshot out. A lock that was made needs no snapshot and stays as good as it was.',
  },
  'body-too-large': {
    title: 'The request is too large',
    cause: 'The body has more bytes than the server takes (limits.bodyBytes).',
    cure: 'Put data on the file system of the cluster and name its path in the request.',
  },
  'unsupported-media-type': {
    title: 'The body must be application/json',
    cause:
      'The header Content-Type is missing or names something else; YAML is read by the command line and not by the server.',
    cure: 'Send Content-Type: application/json. YAML goes through trotline submit FILE.',
  },
  'request-refused': {
    title: 'The request cannot be run as it stands',
    cause:
      'It is well formed, and yet the cluster could not run it: a partition that is not there, more than any node has, a limit, a net that does not fit its data.',
    cure: 'Each entry of findings says what is required and what was found. trotline clusters show lists partitions and their limits.',
  },
  incompatible: {
    title: 'It cannot run on the chosen partition',
    cause:
      'At least one of the four gates between driver, GPU, CUDA and build is closed on the nodes of that partition. It would have queued, started and died.',
    cure: 'The answer names the rule, both figures and their source. nearest lists what would run there instead, judged by the same rules; another partition may do, too.',
  },
  'compatibility-unknown': {
    title: 'Nobody can tell whether it runs on the chosen partition',
    cause:
      'A fact is missing, mostly the driver of the nodes, and this cluster is configured to refuse what cannot be judged.',
    cure: 'Have the nodes looked at: an operator runs trotline clusters probe. The finding names the fact that is missing.',
  },
  'environment-refused': {
    title: 'The environment cannot be read or is not allowed',
    cause:
      'The spec or the lock has a key, a channel or a package line that is not understood or that the operator does not allow, or its pip part is not pinned with hashes.',
    cure: 'Each finding names the line. Channels that may be used stand in the configuration of the server.',
  },
  'environment-impossible': {
    title: 'No set of packages fits the environment there',
    cause:
      'The packages contradict each other, or one of them needs a newer driver, glibc or processor than the nodes have.',
    cure: 'The first sentence says which two do not go together. Loosen one pin, or solve for another partition.',
  },
  'too-many-streams': {
    title: 'Too many event streams are open',
    cause: 'Each followed job, log or page keeps one connection open, and this server limits them.',
    cure: 'Close what is not looked at. One /v1/stream carries many topics.',
  },
  busy: {
    title: 'As much as this does at a time is under way',
    cause: 'Searching logs and the like costs the cluster something, and only so many are done at once.',
    cure: 'Ask again in a moment.',
  },
  'solver-failed': {
    title: 'The solver failed on this environment',
    cause: 'The program that works out the packages ended in a way that it should not. The server goes on.',
    cure: 'Try it once more. If it fails again report it, with the spec and the request id.',
  },
  'channel-unusable': {
    title: 'A channel cannot be used',
    cause:
      'It is not there, it wants another password, or what it sends is no index of packages or not the archive that the lock names.',
    cure: 'Look at the address in the detail. Credentials and mirrors of channels are in the configuration of the server.',
  },
  'channel-unreachable': {
    title: 'A channel could not be asked',
    cause: 'No answer came in time. Nothing is known, and nothing is concluded from it.',
    cure: 'Try again. Where the server has no way out, an operator names a mirror or a directory for the channel.',
  },
  'solver-busy': {
    title: 'Too many environments are being solved',
    cause: 'The line of those that wait for the solver is full.',
    cure: AGAIN,
  },
  'solve-cancelled': {
    title: 'The solve was given up',
    cause: 'The connection of whoever asked was closed, or the server is being stopped.',
    cure: 'Ask again and stay connected until the answer comes.',
  },
  'solve-limit': {
    title: 'The solve needs more time or memory than it is given',
    cause: 'Many versions of many packages fit almost: the search has no end within its limits.',
    cure: 'Pin the large packages closer (python, the framework, the CUDA runtime). An operator can raise environments.solve.',
  },
  'store-unreachable': {
    title: 'The store could not be asked',
    cause:
      'Redis does not answer, or somebody changed the same record at that moment. Nothing that was acknowledged is lost, and running jobs go on.',
    cure: AGAIN,
  },
  'cluster-unreachable': {
    title: 'The cluster could not be asked',
    cause:
      'The login node or Slurm gave no answer, or is left alone for a moment after several faults. What is shown is as of the time beside it.',
    cure: `${AGAIN} trotline clusters show tells since when and why.`,
  },
  'storage-full': {
    title: 'This server cannot keep what it was sent',
    cause: 'The disk of the server is full, or its share for repodata and archives is used up.',
    cure: 'An operator makes room in environments.directory, or raises environments.repodata.keptMiB.',
  },
  internal: {
    title: 'An unexpected fault of the server',
    cause: 'A fault of Trotline. The log of the server has it whole, under the id of the request.',
    cure: 'Report it with the request id (instance). To repeat a POST take the same Idempotency-Key.',
  },
}

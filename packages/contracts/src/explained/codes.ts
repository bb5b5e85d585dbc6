// The codes in capitals: in a job's `trying` and `hold`, in /readyz and in the server's log.
import type { Told } from './explain.ts'

const ITSELF = 'Nothing has to be done: it is tried again as long as it takes, and no job is lost.'
const RELEASE = 'Then trotline release JOB tries again.'

export const CODES: Readonly<Record<string, Told>> = {
  SSH_UNREACHABLE: {
    title: 'The SSH server could not be reached',
    cause: 'The login node does not answer: it is down, or the way to it is blocked.',
    cure: `${ITSELF} Operators: try ssh to the host and port of the configuration from the server.`,
  },
  SSH_LOST: {
    title: 'The connection went before an exit status was seen',
    cause: 'The line broke while a command ran. Whether it ran to its end is asked before anything is repeated.',
    cure: ITSELF,
  },
  SSH_TIMEOUT: {
    title: 'A command did not end within its time limit',
    cause: 'The login node or its file system is very slow, or hangs.',
    cure: `${ITSELF} Operators: look at the load of the login node and at the file system under workDir.`,
  },
  SSH_CHANNELS_REFUSED: {
    title: 'The SSH server keeps refusing new channels',
    cause: 'MaxSessions of its sshd is lower than what is needed, or its users have too many processes.',
    cure: `${ITSELF} Operators: raise MaxSessions, or lower the channels of the cluster's ceilings.`,
  },
  SSH_HOST_KEY: {
    title: 'The host key is not the one that is known',
    cause:
      'The key differs from the one in knownHostsFile, or there is none for this host. Nothing was sent, for it may be another machine.',
    cure: 'Operators: ask whoever runs the login node for its key, by another way, and put it into knownHostsFile.',
  },
  SSH_AUTH: {
    title: "The SSH server refused the identity's key",
    cause: 'The public key is not in authorized_keys of that Unix user, or the account is locked.',
    cure: 'Operators: put the public half of privateKeyFile into the authorized_keys of unixUser.',
  },
  SSH_OUTPUT_LIMIT: {
    title: 'A command printed more than its limit',
    cause: 'The answer of a command is far longer than it should be, for example by a shell start-up file that prints.',
    cure: 'Keep the start-up files of that Unix user silent where no terminal is there.',
  },
  FILE_DENIED: {
    title: 'A file may not be read or written by that Unix user',
    cause: 'Owner or mode of a folder under workDir does not let the identity in.',
    cure: `Give the Unix user of the identity the right to write there. ${RELEASE}`,
  },
  FILE_FAILED: {
    title: 'A file could not be read or written',
    cause: 'The disk is full, a quota is used up, or the file system has a fault.',
    cure: `Make room. It is tried for a while and then held. ${RELEASE}`,
  },
  SLURM_UNREACHABLE: {
    title: 'Slurm could not be asked',
    cause: 'slurmctld or slurmdbd does not answer. Jobs that run are not touched by it.',
    cure: ITSELF,
  },
  SLURM_UNREADABLE: {
    title: "Slurm's answer has another shape than expected",
    cause:
      'A version or a wrapper around its commands prints something that is not understood. Nothing is concluded from it.',
    cure: 'Report it with the lines in the log of the server.',
  },
  SLURM_REJECTED: {
    title: 'Slurm refused a command',
    cause:
      'What was asked is not allowed to this Unix user, or not possible, in the words of Slurm that stand beside it.',
    cure: `Change what Slurm names. ${RELEASE}`,
  },
  SLURM_FILES_DAMAGED: {
    title: 'Files in the job directory differ from what was sent',
    cause: 'Somebody changed them, or the file system lost a part.',
    cure: 'They are sent anew. If it goes on, look who writes to the directory.',
  },
  SLURM_STEP_BUSY: {
    title: 'Another submission step of this job is under way',
    cause: 'A step that was begun earlier, perhaps by a server that is gone, still holds the lock on the cluster.',
    cure: 'It is tried again: a job is submitted by one step at a time, so that it runs once.',
  },
  STORE_UNREACHABLE: {
    title: 'Redis could not be asked',
    cause: 'The store is down or unreachable. Trainings go on and are read from the job directories later.',
    cure: `${ITSELF} Operators: look at Redis and at the way to it.`,
  },
  STORE_RECORD_UNREADABLE: {
    title: 'A record does not fit its schema',
    cause: 'It was written by a newer server, or changed by hand.',
    cure: 'Start the server version that wrote it, or read the record with redis-cli and report it.',
  },
  STORE_NOT_DURABLE: {
    title: 'Redis is set up so that it may lose acknowledged jobs',
    cause: 'Its settings let it forget what it has acknowledged, for example without appendonly.',
    cure: 'Set appendonly yes, appendfsync always and maxmemory-policy noeviction.',
  },
  CLUSTER_UNKNOWN: {
    title: "The configuration no longer names the cluster or the job's identity",
    cause: 'It was taken out or renamed while jobs of it were alive, or Slurm was not asked yet.',
    cure: `Put it back until these jobs have ended. ${RELEASE}`,
  },
  CLUSTER_NOT_OWNED: {
    title: 'No process owned the cluster at that moment',
    cause: 'One process of the server looks after each cluster, and it was just changing.',
    cure: 'Another one takes over within 20 seconds.',
  },
  CLUSTER_UNATTENDED: {
    title: 'No process owns the cluster now',
    cause: 'The process that looked after it has gone.',
    cure: 'Another one takes over within 20 seconds. If not, start a server that has this cluster in its configuration.',
  },
  CLUSTER_RESTING: {
    title: 'A part of the cluster failed several times in a row and is left alone for a moment',
    cause: 'To ask again at once would only add to the load of a machine in trouble.',
    cure: ITSELF,
  },
  CLUSTER_CEILING: {
    title: "The operator's ceiling is used up",
    cause: 'Connections, commands or submissions of this minute are spent.',
    cure: `${ITSELF} Operators: raise ceilings of the cluster if its staff agrees.`,
  },
  CLUSTER_PAUSED: {
    title: 'An operator paused the cluster',
    cause: 'Jobs are accepted, and nothing is submitted until it is resumed. What runs goes on.',
    cure: 'Wait. trotline clusters show says who paused it and why.',
  },
  SITE_LIMIT: {
    title: 'A limit of the site is reached',
    cause: 'Slurm takes no more jobs of this account, user or QOS now (QOSMaxSubmit and the like).',
    cure: 'The job waits here and goes in when there is room.',
  },
  SLURM_SLOW: {
    title: 'slurmctld takes long to answer',
    cause: 'It needs longer than breaker.slowAnswerSeconds: the cluster is busy.',
    cure: 'Nothing: it is asked less often until it is better.',
  },
  DIRECTORY_REFUSED: {
    title: 'Folders under workDir could not be made, or belong to somebody else',
    cause: 'workDir is not writable for the identity, or another user made a folder of that name before.',
    cure: `Operators: look at owner and mode of workDir. ${RELEASE}`,
  },
  WORK_DIR_AWAY: {
    title: 'The folder of the job directories is not there',
    cause: 'The file system is not mounted on the login node. An empty mount point is never taken for lost jobs.',
    cure: `${ITSELF} Operators: mount it.`,
  },
  RELEASE_MISSING: {
    title: 'There is no built worker release',
    cause: 'The server was started before npm run build had made it, or worker.releaseDirectory points elsewhere.',
    cure: `Run npm run build. ${RELEASE}`,
  },
  RELEASE_DAMAGED: {
    title: 'The worker release did not arrive whole',
    cause: 'The upload broke, the disk is full, or an identity cannot read it.',
    cure: 'It is uploaded again. If it goes on, look at room and modes under workDir.',
  },
  RELEASE_GONE: {
    title: 'The worker release that a repeated job is pinned to lies nowhere any more',
    cause: 'It was removed from the cluster, and the server has a newer one.',
    cure: 'Accept the present one: trotline rerun JOB --accept release.',
  },
  SUBMISSION_UNKNOWABLE: {
    title: 'Nobody can tell whether Slurm has the job',
    cause:
      'The step that submits broke off, and neither a receipt nor squeue nor sacct tells how it ended. To submit again could run it twice.',
    cure: 'Look for its name in squeue and sacct. Release it to submit it again, or cancel it.',
  },
  RESULT_UNREADABLE: {
    title: 'result.json or a fence does not fit its schema',
    cause: 'The file was damaged or changed after it was written.',
    cure: `Look at it in the job directory. ${RELEASE}`,
  },
  JOB_UNACCOUNTED: {
    title: 'Slurm no longer lists the job and keeps no accounting',
    cause: 'Without accounting nobody remembers how a Slurm job ended, and it left no result of its own.',
    cure: 'Look on the cluster whether it ran; then release it, or cancel it.',
  },
  JOB_DIRECTORY_GONE: {
    title: 'Recovery found no directory of a job that had one',
    cause: 'The folder was removed. Whether the job ran cannot be told.',
    cure: 'Cancel it and submit again, or release it if it never ran.',
  },
  LOG_SEARCH_BUSY: {
    title: 'Another log of the same Unix user was being searched',
    cause: 'Logs are searched on the cluster, one at a time for each user.',
    cure: 'Ask again in a few seconds.',
  },
  LOG_SEARCH_FAILED: {
    title: 'grep on the cluster could not search the log',
    cause: 'The login node has no grep, or ended it.',
    cure: 'Download the log and search it there: trotline logs JOB > job.log.',
  },
  BUG: {
    title: 'A fault of Trotline',
    cause: 'Something that should not be possible. The log of the server has it whole.',
    cure: 'Report it with the lines of the log. It is tried again for a while, then the job is held.',
  },
}

// The types of the API, made from its description (/openapi.json) by `npm run client`. Not to be edited.

export interface paths {
  '/healthz': {
    /** Alive */
    get: {
      responses: {
        200: {
          content: {
            'application/json': {
              status: 'ok'
            }
          }
        }
      }
    }
  }
  '/readyz': {
    /** Ready, or what is not */
    get: {
      responses: {
        200: { content: { 'application/json': components['schemas']['Readiness'] } }
        503: { content: { 'application/json': components['schemas']['Readiness'] } }
      }
    }
  }
  '/v1/jobs': {
    /** Submit a training job, or try it dry */
    post: {
      parameters: {
        query?: { dryRun?: 'true' | 'false' | undefined }
        header?: { 'idempotency-key'?: string | undefined }
      }
      requestBody: { content: { 'application/json': components['schemas']['JobRequestInput'] } }
      responses: {
        200: { content: { 'application/json': components['schemas']['DryRun'] } }
        202: { content: { 'application/json': components['schemas']['Job'] } }
        400: Refusal
        401: Refusal
        404: Refusal
        409: Refusal
        410: Refusal
        413: Refusal
        415: Refusal
        422: Refusal
        500: Refusal
        502: Refusal
        503: Refusal
        504: Refusal
        507: Refusal
      }
    }
    /** List jobs, newest first; a page may be short, or empty, and go on at its cursor */
    get: {
      parameters: {
        query?: {
          state?:
            | 'accepted'
            | 'prepared'
            | 'pending'
            | 'running'
            | 'finishing'
            | 'completed'
            | 'failed'
            | 'cancelled'
            | undefined
          cluster?: string | undefined
          owner?: string | undefined
          name?: string | undefined
          label?: readonly string[] | undefined
          since?: string | undefined
          held?: 'true' | undefined
          limit?: number | undefined
          cursor?: string | undefined
        }
      }
      responses: {
        200: { content: { 'application/json': components['schemas']['JobPage'] } }
        400: Refusal
        401: Refusal
        403: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/jobs/counts': {
    /** How many jobs there are of each state */
    get: {
      parameters: {
        query?: { owner?: string | undefined; since?: string | undefined }
      }
      responses: {
        200: { content: { 'application/json': components['schemas']['JobCounts'] } }
        400: Refusal
        401: Refusal
        403: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/jobs/{id}': {
    /** Show a job */
    get: {
      parameters: {
        path: { id: string }
      }
      responses: {
        200: { content: { 'application/json': components['schemas']['Job'] } }
        400: Refusal
        401: Refusal
        404: Refusal
        500: Refusal
        503: Refusal
      }
    }
    /** Cancel a job */
    delete: {
      parameters: {
        path: { id: string }
        query?: { force?: 'true' | 'false' | undefined }
      }
      responses: {
        202: { content: { 'application/json': components['schemas']['Job'] } }
        400: Refusal
        401: Refusal
        403: Refusal
        404: Refusal
        409: Refusal
        413: Refusal
        415: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/jobs/{id}/release': {
    /** Let a held job try its stage again */
    post: {
      parameters: {
        path: { id: string }
        header?: { 'idempotency-key'?: string | undefined }
      }
      responses: {
        202: { content: { 'application/json': components['schemas']['Job'] } }
        400: Refusal
        401: Refusal
        404: Refusal
        409: Refusal
        413: Refusal
        415: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/jobs/{id}/script': {
    /** The sbatch script of the latest submission */
    get: {
      parameters: {
        path: { id: string }
      }
      responses: {
        200: { content: { 'text/plain': string } }
        400: Refusal
        401: Refusal
        404: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/jobs/{id}/events': {
    /** Follow a job (server-sent events) */
    get: {
      parameters: {
        path: { id: string }
        header?: { accept?: string | undefined; 'last-event-id'?: string | undefined }
      }
      responses: {
        200: { content: { 'text/event-stream': string } }
        400: Refusal
        401: Refusal
        404: Refusal
        429: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/jobs/{id}/epochs': {
    /** Epochs so far; as server-sent events, live */
    get: {
      parameters: {
        path: { id: string }
        query?: { after?: number | undefined; limit?: number | undefined; spread?: number | undefined }
        header?: { accept?: string | undefined; 'last-event-id'?: string | undefined }
      }
      responses: {
        200: { content: { 'application/json': components['schemas']['EpochPage']; 'text/event-stream': string } }
        400: Refusal
        401: Refusal
        404: Refusal
        429: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/jobs/{id}/logs': {
    /** Bytes of a log; as server-sent events, live and across attempts */
    get: {
      parameters: {
        path: { id: string }
        query?: {
          stream?: 'stdout' | 'stderr' | 'slurm' | undefined
          attempt?: number | undefined
          offset?: number | undefined
          limit?: number | undefined
          tail?: number | undefined
          grep?: string | undefined
          regex?: 'true' | 'false' | undefined
          ignoreCase?: 'true' | 'false' | undefined
        }
        header?: { accept?: string | undefined; 'last-event-id'?: string | undefined }
      }
      responses: {
        200: {
          headers: {
            'trotline-offset': string
            'trotline-next-offset': string
            'trotline-size': string
            'trotline-run': string
          }
          content: {
            'text/plain': string
            'application/json': components['schemas']['LogSearch']
            'text/event-stream': string
          }
        }
        400: Refusal
        401: Refusal
        404: Refusal
        429: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/jobs/{id}/artifacts': {
    /** What the training left: model, history, evaluation */
    get: {
      parameters: {
        path: { id: string }
      }
      responses: {
        200: { content: { 'application/json': components['schemas']['ArtifactPage'] } }
        400: Refusal
        401: Refusal
        404: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/jobs/{id}/artifacts/{path}': {
    /** Bytes of an artifact, whole or by range */
    get: {
      parameters: {
        path: { id: string; path: string }
        header?: { range?: string | undefined; 'if-range'?: string | undefined; 'if-none-match'?: string | undefined }
      }
      responses: {
        200: { content: { '*/*': string } }
        206: { content: { '*/*': string } }
        304: { content?: never }
        400: Refusal
        401: Refusal
        404: Refusal
        416: { content: { 'text/plain': string } }
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/stream': {
    /** Follow jobs, logs and clusters over one connection (server-sent events) */
    get: {
      parameters: {
        query: { topic: readonly string[] }
        header?: { accept?: string | undefined; 'last-event-id'?: string | undefined }
      }
      responses: {
        200: { content: { 'text/event-stream': string } }
        400: Refusal
        401: Refusal
        429: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/jobs/{id}/why': {
    /** Why a job is where it is, in words */
    get: {
      parameters: {
        path: { id: string }
      }
      responses: {
        200: { content: { 'application/json': components['schemas']['Why'] } }
        400: Refusal
        401: Refusal
        404: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/whoami': {
    /** Whose token it is */
    get: {
      responses: {
        200: { content: { 'application/json': components['schemas']['Whoami'] } }
        400: Refusal
        401: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/clusters': {
    /** List clusters */
    get: {
      responses: {
        200: { content: { 'application/json': components['schemas']['ClusterPage'] } }
        400: Refusal
        401: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/clusters/{name}': {
    /** Show a cluster: partitions, health, ceilings, footprint */
    get: {
      parameters: {
        path: { name: string }
      }
      responses: {
        200: { content: { 'application/json': components['schemas']['Cluster'] } }
        400: Refusal
        401: Refusal
        404: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/clusters/{name}/pause': {
    /** Accept jobs and submit none */
    post: {
      parameters: {
        path: { name: string }
        header?: { 'idempotency-key'?: string | undefined }
      }
      requestBody?: { content: { 'application/json': components['schemas']['PauseRequestInput'] | null } }
      responses: {
        200: { content: { 'application/json': components['schemas']['Cluster'] } }
        400: Refusal
        401: Refusal
        403: Refusal
        404: Refusal
        409: Refusal
        413: Refusal
        415: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/clusters/{name}/resume': {
    /** Submit again */
    post: {
      parameters: {
        path: { name: string }
        header?: { 'idempotency-key'?: string | undefined }
      }
      responses: {
        200: { content: { 'application/json': components['schemas']['Cluster'] } }
        400: Refusal
        401: Refusal
        403: Refusal
        404: Refusal
        409: Refusal
        413: Refusal
        415: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/clusters/{name}/probe': {
    /** Look at a node of each kind, by a short Slurm job */
    post: {
      parameters: {
        path: { name: string }
        header?: { 'idempotency-key'?: string | undefined }
      }
      requestBody?: { content: { 'application/json': components['schemas']['ProbeRequestInput'] | null } }
      responses: {
        202: { content: { 'application/json': components['schemas']['Cluster'] } }
        400: Refusal
        401: Refusal
        403: Refusal
        404: Refusal
        409: Refusal
        413: Refusal
        415: Refusal
        422: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/compatibility/check': {
    /** Would this software run there? The hardware is named, or is a partition of a cluster */
    post: {
      parameters: {
        header?: { 'idempotency-key'?: string | undefined }
      }
      requestBody: { content: { 'application/json': components['schemas']['CompatibilityCheckInput'] } }
      responses: {
        200: { content: { 'application/json': components['schemas']['CompatibilityReport'] } }
        400: Refusal
        401: Refusal
        409: Refusal
        413: Refusal
        415: Refusal
        422: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/compatibility/suggest': {
    /** The newest releases of each framework that run there */
    post: {
      parameters: {
        header?: { 'idempotency-key'?: string | undefined }
      }
      requestBody: { content: { 'application/json': components['schemas']['SuggestRequestInput'] } }
      responses: {
        200: { content: { 'application/json': components['schemas']['SuggestAnswer'] } }
        400: Refusal
        401: Refusal
        409: Refusal
        413: Refusal
        415: Refusal
        422: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/compatibility/matrix': {
    /** The tables that decide, each row with its source */
    get: {
      parameters: {
        header?: { 'if-none-match'?: string | undefined }
      }
      responses: {
        200: { content: { 'application/json': components['schemas']['CompatibilityMatrix'] } }
        304: { content?: never }
        400: Refusal
        401: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/jobs/{id}/compatibility': {
    /** What the job was judged by when it was accepted */
    get: {
      parameters: {
        path: { id: string }
      }
      responses: {
        200: { content: { 'application/json': components['schemas']['JobCompatibilityReport'] } }
        400: Refusal
        401: Refusal
        404: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/environments': {
    /** Solve a spec, or keep a lock; as server-sent events, with progress */
    post: {
      parameters: {
        header?: { 'idempotency-key'?: string | undefined; accept?: string | undefined }
      }
      requestBody: { content: { 'application/json': components['schemas']['EnvironmentRequestInput'] } }
      responses: {
        200: { content: { 'text/event-stream': string } }
        201: { content: { 'application/json': components['schemas']['EnvironmentMade'] } }
        400: Refusal
        401: Refusal
        403: Refusal
        409: Refusal
        410: Refusal
        413: Refusal
        415: Refusal
        422: Refusal
        429: Refusal
        500: Refusal
        502: Refusal
        503: Refusal
        504: Refusal
        507: Refusal
      }
    }
    /** List environments, newest first */
    get: {
      parameters: {
        query?: { name?: string | undefined; limit?: number | undefined; cursor?: string | undefined }
      }
      responses: {
        200: { content: { 'application/json': components['schemas']['EnvironmentPage'] } }
        400: Refusal
        401: Refusal
        404: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/environments/names/{name}': {
    /** The versions of a name */
    get: {
      parameters: {
        path: { name: string }
      }
      responses: {
        200: { content: { 'application/json': components['schemas']['EnvironmentHistory'] } }
        400: Refusal
        401: Refusal
        404: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/environments/{id}': {
    /** Show an environment, and where it is made */
    get: {
      parameters: {
        path: { id: string }
      }
      responses: {
        200: { content: { 'application/json': components['schemas']['Environment'] } }
        400: Refusal
        401: Refusal
        404: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/environments/{id}/lock': {
    /** Its lock, in the form of one of the tools */
    get: {
      parameters: {
        path: { id: string }
        query?: { format?: 'trotline' | 'explicit' | 'conda-lock' | 'pixi' | undefined }
      }
      responses: {
        200: {
          headers: { 'trotline-lock-lacks': string }
          content: {
            'application/json': components['schemas']['EnvironmentLock']
            'text/plain': string
            'application/yaml': string
          }
        }
        400: Refusal
        401: Refusal
        404: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/environments/{id}/diff/{other}': {
    /** What changed from one environment to another, in words */
    get: {
      parameters: {
        path: { id: string; other: string }
      }
      responses: {
        200: { content: { 'application/json': components['schemas']['EnvironmentDiff'] } }
        400: Refusal
        401: Refusal
        404: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/jobs/{id}/rerun': {
    /** Run a job again: same lock, code, data and seed, or what of them cannot be had */
    post: {
      parameters: {
        path: { id: string }
        header?: { 'idempotency-key'?: string | undefined }
      }
      requestBody: { content: { 'application/json': components['schemas']['RerunRequestInput'] } }
      responses: {
        202: { content: { 'application/json': components['schemas']['Job'] } }
        400: Refusal
        401: Refusal
        404: Refusal
        409: Refusal
        410: Refusal
        413: Refusal
        415: Refusal
        422: Refusal
        500: Refusal
        502: Refusal
        503: Refusal
        504: Refusal
        507: Refusal
      }
    }
  }
  '/v1/reruns': {
    /** Run the job of a bundle again, from wherever it comes */
    post: {
      parameters: {
        header?: { 'idempotency-key'?: string | undefined }
      }
      requestBody: { content: { 'application/json': components['schemas']['BundleRerunRequestInput'] } }
      responses: {
        202: { content: { 'application/json': components['schemas']['Job'] } }
        400: Refusal
        401: Refusal
        404: Refusal
        409: Refusal
        410: Refusal
        413: Refusal
        415: Refusal
        422: Refusal
        500: Refusal
        502: Refusal
        503: Refusal
        504: Refusal
        507: Refusal
      }
    }
  }
  '/v1/jobs/{id}/bundle': {
    /** All that made a job what it was, as one archive (tar, gzip) */
    get: {
      parameters: {
        path: { id: string }
      }
      responses: {
        200: { content: { 'application/gzip': string } }
        400: Refusal
        401: Refusal
        404: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/environments/{id}/clusters/{cluster}': {
    /** Have the environment made on a cluster */
    post: {
      parameters: {
        path: { id: string; cluster: string }
        header?: { 'idempotency-key'?: string | undefined }
      }
      responses: {
        202: { content: { 'application/json': components['schemas']['Materialisation'] } }
        400: Refusal
        401: Refusal
        403: Refusal
        404: Refusal
        409: Refusal
        413: Refusal
        415: Refusal
        422: Refusal
        500: Refusal
        503: Refusal
      }
    }
    /** How it is made there */
    get: {
      parameters: {
        path: { id: string; cluster: string }
      }
      responses: {
        200: { content: { 'application/json': components['schemas']['Materialisation'] } }
        400: Refusal
        401: Refusal
        404: Refusal
        500: Refusal
        503: Refusal
      }
    }
    /** Cancel its making, or remove it there */
    delete: {
      parameters: {
        path: { id: string; cluster: string }
      }
      responses: {
        202: { content: { 'application/json': components['schemas']['Materialisation'] } }
        400: Refusal
        401: Refusal
        403: Refusal
        404: Refusal
        409: Refusal
        413: Refusal
        415: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/environments/{id}/clusters/{cluster}/verify': {
    /** Look at every byte of it there */
    post: {
      parameters: {
        path: { id: string; cluster: string }
        header?: { 'idempotency-key'?: string | undefined }
      }
      responses: {
        202: { content: { 'application/json': components['schemas']['Materialisation'] } }
        400: Refusal
        401: Refusal
        403: Refusal
        404: Refusal
        409: Refusal
        413: Refusal
        415: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/clusters/{name}/environments/collect': {
    /** Remove the environments that no job used for long, or tell which these are */
    post: {
      parameters: {
        path: { name: string }
        header?: { 'idempotency-key'?: string | undefined }
      }
      requestBody?: { content: { 'application/json': components['schemas']['CollectRequestInput'] | null } }
      responses: {
        200: { content: { 'application/json': components['schemas']['Collection'] } }
        400: Refusal
        401: Refusal
        403: Refusal
        404: Refusal
        409: Refusal
        413: Refusal
        415: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/environments/{id}/clusters/{cluster}/log': {
    /** Bytes of the log of its making; as server-sent events, live */
    get: {
      parameters: {
        path: { id: string; cluster: string }
        query?: { offset?: number | undefined; limit?: number | undefined; tail?: number | undefined }
        header?: { accept?: string | undefined; 'last-event-id'?: string | undefined }
      }
      responses: {
        200: {
          headers: { 'trotline-offset': string; 'trotline-next-offset': string; 'trotline-size': string }
          content: { 'text/plain': string; 'text/event-stream': string }
        }
        400: Refusal
        401: Refusal
        404: Refusal
        429: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/webhooks': {
    /** Be told of what happens to jobs; the answer has the secret, and no later one has it */
    post: {
      parameters: {
        header?: { 'idempotency-key'?: string | undefined }
      }
      requestBody: { content: { 'application/json': components['schemas']['WebhookRequestInput'] } }
      responses: {
        201: { content: { 'application/json': components['schemas']['WebhookCreated'] } }
        400: Refusal
        401: Refusal
        403: Refusal
        404: Refusal
        409: Refusal
        413: Refusal
        415: Refusal
        422: Refusal
        500: Refusal
        503: Refusal
      }
    }
    /** List your webhooks, newest first */
    get: {
      parameters: {
        query?: { limit?: number | undefined; cursor?: string | undefined }
      }
      responses: {
        200: { content: { 'application/json': components['schemas']['WebhookPage'] } }
        400: Refusal
        401: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/webhooks/{id}': {
    /** Show a webhook, and how it goes */
    get: {
      parameters: {
        path: { id: string }
      }
      responses: {
        200: { content: { 'application/json': components['schemas']['Webhook'] } }
        400: Refusal
        401: Refusal
        404: Refusal
        500: Refusal
        503: Refusal
      }
    }
    /** Remove a webhook, with the messages that wait for it */
    delete: {
      parameters: {
        path: { id: string }
      }
      responses: {
        204: { content?: never }
        400: Refusal
        401: Refusal
        404: Refusal
        413: Refusal
        415: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/webhooks/{id}/deliveries': {
    /** The messages of a webhook, newest first, with what became of each */
    get: {
      parameters: {
        path: { id: string }
        query?: { limit?: number | undefined; cursor?: string | undefined }
      }
      responses: {
        200: { content: { 'application/json': components['schemas']['WebhookDeliveryPage'] } }
        400: Refusal
        401: Refusal
        404: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/webhooks/{id}/test': {
    /** Have a test message sent: once, also where the webhook is parked */
    post: {
      parameters: {
        path: { id: string }
        header?: { 'idempotency-key'?: string | undefined }
      }
      responses: {
        202: { content: { 'application/json': components['schemas']['WebhookDelivery'] } }
        400: Refusal
        401: Refusal
        404: Refusal
        409: Refusal
        413: Refusal
        415: Refusal
        422: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
  '/v1/webhooks/{id}/resume': {
    /** Have a parked webhook send again, and whatever waits or is parked sent now */
    post: {
      parameters: {
        path: { id: string }
        header?: { 'idempotency-key'?: string | undefined }
      }
      responses: {
        200: { content: { 'application/json': components['schemas']['Webhook'] } }
        400: Refusal
        401: Refusal
        404: Refusal
        409: Refusal
        413: Refusal
        415: Refusal
        500: Refusal
        503: Refusal
      }
    }
  }
}

export interface components {
  schemas: {
    ArtifactPage: {
      items: {
        path: string
        bytes: number
        sha256: string
        type: string
      }[]
    }
    Bundle: {
      v: 1
      job: string
      asOf: string
      request: components['schemas']['JobRequest']
      lock: components['schemas']['EnvironmentLock'] | null
      script: string | null
      versions: {
        release: string | null
        runtime: string | null
        backend: string | null
      }
      hardware: {
        partition: string
        gpu: string | null
        driver: string | null
      }
      data: {
        path: string
        bytes: number
        sha256: string | null
      }[]
      result: {
        backend: string
        engine: string
        skipped: {
          backend: string
          why: string
        }[]
        epochs: number
        metrics: Record<string, number | null>
        coefficients: {
          start: {
            a: number | null
            b: number | null
          }
          end: {
            a: number | null
            b: number | null
          }
          leastSquares: {
            intercept: number
            slope: number
          }
        } | null
        trainStatistics: Record<
          string,
          {
            count: number
            mean: number
            std: number
            min: number
            '25%': number
            '50%': number
            '75%': number
            max: number
          }
        > | null
        layers:
          | {
              name: string
              type: string
              outputShape: number[]
              params: number
            }[]
          | null
        history: Record<string, number | null>[]
        best: {
          epoch: number
          monitor: string
          value: number
        } | null
        stoppedEarlyAt: number | null
        weightsSha256: string | null
        artifacts: {
          path: string
          bytes: number
          sha256: string
        }[]
        fitSeconds: number
      } | null
    }
    BundleInput: {
      v: 1
      job: string
      asOf: string
      request: components['schemas']['JobRequestInput']
      lock: components['schemas']['EnvironmentLockInput'] | null
      script: string | null
      versions: {
        release: string | null
        runtime: string | null
        backend: string | null
      }
      hardware: {
        partition: string
        gpu: string | null
        driver: string | null
      }
      data: readonly {
        path: string
        bytes: number
        sha256: string | null
      }[]
      result: {
        backend: string
        engine: string
        skipped: readonly {
          backend: string
          why: string
        }[]
        epochs: number
        metrics: Record<string, number | null>
        coefficients: {
          start: {
            a: number | null
            b: number | null
          }
          end: {
            a: number | null
            b: number | null
          }
          leastSquares: {
            intercept: number
            slope: number
          }
        } | null
        trainStatistics: Record<
          string,
          {
            count: number
            mean: number
            std: number
            min: number
            '25%': number
            '50%': number
            '75%': number
            max: number
          }
        > | null
        layers:
          | readonly {
              name: string
              type: string
              outputShape: readonly number[]
              params: number
            }[]
          | null
        history: readonly Record<string, number | null>[]
        best: {
          epoch: number
          monitor: string
          value: number
        } | null
        stoppedEarlyAt: number | null
        weightsSha256: string | null
        artifacts: readonly {
          path: string
          bytes: number
          sha256: string
        }[]
        fitSeconds: number
      } | null
    }
    BundleRerunRequest: {
      name?: string
      cluster?: string
      partition?: string
      gpuType?: string | null
      account?: string
      qos?: string
      accept: ('release' | 'runtime' | 'driver' | 'gpu' | 'data')[]
      bundle: components['schemas']['Bundle']
    }
    BundleRerunRequestInput: {
      name?: string | undefined
      cluster?: string | undefined
      partition?: string | undefined
      gpuType?: string | null | undefined
      account?: string | undefined
      qos?: string | undefined
      accept?: readonly ('release' | 'runtime' | 'driver' | 'gpu' | 'data')[] | undefined
      bundle: components['schemas']['BundleInput']
    }
    Cluster: {
      name: string
      facts: {
        slurmVersion: string
        accounting: boolean
        partitions: {
          name: string
          maxTimeMinutes: number | null
          maxCpusPerNode: number | null
          maxMemoryMiBPerNode: number | null
          gpus: {
            type: string | null
            perNode: number
          }[]
          preemption: {
            mode: 'cancel' | 'requeue' | 'suspend'
            graceSeconds: number
          } | null
          nodeKinds: {
            id: string
            nodeCount: number
            nodes: string[]
            gpus: {
              type: string | null
              count: number
            }[]
            features: string[]
            facts: {
              driver: {
                value: string
                source: 'probe' | 'declared' | 'gres' | 'feature' | 'job'
                from: string
                at: string
              } | null
              gpu: {
                value: string
                source: 'probe' | 'declared' | 'gres' | 'feature' | 'job'
                from: string
                at: string
              } | null
              computeCapability: {
                value: string
                source: 'probe' | 'declared' | 'gres' | 'feature' | 'job'
                from: string
                at: string
              } | null
              cudaMax: {
                value: string
                source: 'probe' | 'declared' | 'gres' | 'feature' | 'job'
                from: string
                at: string
              } | null
              glibc: {
                value: string
                source: 'probe' | 'declared' | 'gres' | 'feature' | 'job'
                from: string
                at: string
              } | null
              cpuArch: {
                value: string
                source: 'probe' | 'declared' | 'gres' | 'feature' | 'job'
                from: string
                at: string
              } | null
              kernel: {
                value: string
                source: 'probe' | 'declared' | 'gres' | 'feature' | 'job'
                from: string
                at: string
              } | null
              os: {
                value: string
                source: 'probe' | 'declared' | 'gres' | 'feature' | 'job'
                from: string
                at: string
              } | null
              node: {
                value: string
                source: 'probe' | 'declared' | 'gres' | 'feature' | 'job'
                from: string
                at: string
              } | null
            }
            groups?: {
              nodes: string[]
              facts: {
                driver: {
                  value: string
                  source: 'probe' | 'declared' | 'gres' | 'feature' | 'job'
                  from: string
                  at: string
                } | null
                gpu: {
                  value: string
                  source: 'probe' | 'declared' | 'gres' | 'feature' | 'job'
                  from: string
                  at: string
                } | null
                computeCapability: {
                  value: string
                  source: 'probe' | 'declared' | 'gres' | 'feature' | 'job'
                  from: string
                  at: string
                } | null
                cudaMax: {
                  value: string
                  source: 'probe' | 'declared' | 'gres' | 'feature' | 'job'
                  from: string
                  at: string
                } | null
                glibc: {
                  value: string
                  source: 'probe' | 'declared' | 'gres' | 'feature' | 'job'
                  from: string
                  at: string
                } | null
                cpuArch: {
                  value: string
                  source: 'probe' | 'declared' | 'gres' | 'feature' | 'job'
                  from: string
                  at: string
                } | null
                kernel: {
                  value: string
                  source: 'probe' | 'declared' | 'gres' | 'feature' | 'job'
                  from: string
                  at: string
                } | null
                os: {
                  value: string
                  source: 'probe' | 'declared' | 'gres' | 'feature' | 'job'
                  from: string
                  at: string
                } | null
                node: {
                  value: string
                  source: 'probe' | 'declared' | 'gres' | 'feature' | 'job'
                  from: string
                  at: string
                } | null
              }
            }[]
            claims?: {
              node: string
              job: string
              at: string
              says: string
            }[]
            probed: {
              node: string
              at: string
            }[]
            differs: string[]
          }[]
        }[]
        seenAt: string
        ageSeconds: number
        source: string
      } | null
      health: {
        ok: boolean
        code: string
        detail: string
        at: string
      }
      breakers: {
        identity: string
        part: 'ssh' | 'slurmctld'
        state: 'closed' | 'open' | 'half-open'
        since: string
        faults: number
        lastFault: {
          code: string
          detail: string
          at: string
        } | null
        nextProbeAt: string | null
      }[]
      ceilings: {
        connections: number
        channelsPerConnection: number
        commandsPerMinute: number
        submissionsPerMinute: number
        waitSeconds: number
      }
      footprint: {
        since: string
        at: string
        connections: number
        channels: number
        channelsPeak: number
        commandsLastMinute: {
          squeue: number
          sacct: number
          sinfo: number
          scontrol: number
          scancel: number
          sbatch: number
          other: number
        }
        commandsLastHour: {
          squeue: number
          sacct: number
          sinfo: number
          scontrol: number
          scancel: number
          sbatch: number
          other: number
        }
        spentLastMinute: {
          commands: number
          submissions: number
        }
        bytesOut: number
        bytesIn: number
        waiting: number
        secondsWaited: number
        refused: {
          ceiling: number
          resting: number
        }
      } | null
      paused: {
        by: string
        since: string
        why: string
      } | null
      probes: {
        kind: string
        state: 'asked' | 'pending' | 'running' | 'done' | 'failed'
        by: string | null
        partition: string | null
        node: string | null
        slurmJobId: string | null
        at: string
        detail: string
      }[]
      jobs: {
        accepted: number
        prepared: number
        pending: number
        running: number
        finishing: number
      }
    }
    ClusterPage: {
      items: components['schemas']['ClusterSummary'][]
      nextCursor: null
    }
    ClusterSummary: {
      name: string
      ok: boolean
      code: string
      paused: boolean
      slurmVersion: string | null
      partitions: string[]
      jobs: {
        accepted: number
        prepared: number
        pending: number
        running: number
        finishing: number
      }
    }
    CollectRequest: {
      unusedDays?: number
      dryRun: boolean
    }
    CollectRequestInput: {
      unusedDays?: number | undefined
      dryRun?: boolean | undefined
    }
    Collection: {
      cluster: string
      dryRun: boolean
      unusedDays: number
      items: {
        lock: string
        names: string[]
        lastUsedAt: string | null
        bytes: number | null
        files: number | null
        outcome: string
      }[]
      bytes: number
    }
    CommandTraining: {
      kind: 'command'
      command: string[]
      files: Record<string, string>
      env: Record<string, string>
      data: string[]
      epochs: number | null
      seed: number
    }
    CommandTrainingInput: {
      kind: 'command'
      command: readonly string[]
      files?: Record<string, string> | undefined
      env?: Record<string, string> | undefined
      data?: readonly string[] | undefined
      epochs?: number | null | undefined
      seed?: number | undefined
    }
    CompatibilityCheck: {
      framework?: string
      frameworkVersion?: string
      cuda?: string
      cudnn?: string
      python?: string
      channel?: string
      package?: string
      wheelTag?: string
      condaBuild?: string
      condaSpec?: string
      napi?: number
      forwardCompatPackage?: string
      kernels?: {
        sass: string[]
        ptx: string[]
      }
      librariesFrom?: 'package' | 'module'
      driver?: string
      gpu?: string
      computeCapability?: string
      glibc?: string
      cpuArch?: string
      slurmFeatures?: string | string[]
      virtualPackages?: Record<string, string>
      solveHost?: string
      env?: Record<string, string>
      cluster?: string
      partition?: string
      gpuType?: string
    }
    CompatibilityCheckInput: {
      framework?: string | undefined
      frameworkVersion?: string | undefined
      cuda?: string | undefined
      cudnn?: string | undefined
      python?: string | undefined
      channel?: string | undefined
      package?: string | undefined
      wheelTag?: string | undefined
      condaBuild?: string | undefined
      condaSpec?: string | undefined
      napi?: number | undefined
      forwardCompatPackage?: string | undefined
      kernels?:
        | {
            sass?: readonly string[] | undefined
            ptx?: readonly string[] | undefined
          }
        | undefined
      librariesFrom?: 'package' | 'module' | undefined
      driver?: string | undefined
      gpu?: string | undefined
      computeCapability?: string | undefined
      glibc?: string | undefined
      cpuArch?: string | undefined
      slurmFeatures?: string | readonly string[] | undefined
      virtualPackages?: Record<string, string> | undefined
      solveHost?: string | undefined
      env?: Record<string, string> | undefined
      cluster?: string | undefined
      partition?: string | undefined
      gpuType?: string | undefined
    }
    CompatibilityFinding: {
      gate: 'driver-gpu' | 'driver-cuda' | 'build-gpu' | 'build-rest'
      rule: string
      verdict: 'compatible' | 'compatible-with-warning' | 'incompatible' | 'unknown'
      detail: string
      required: string | null
      found: string | null
      hint: string | null
      source: string | null
      confidence: 'high' | 'medium' | 'inferred' | 'from-general-knowledge' | null
    }
    CompatibilityMatrix: Record<string, unknown>
    CompatibilityQuestion: {
      framework?: string
      frameworkVersion?: string
      cuda?: string
      cudnn?: string
      python?: string
      channel?: string
      package?: string
      wheelTag?: string
      condaBuild?: string
      condaSpec?: string
      napi?: number
      forwardCompatPackage?: string
      kernels?: {
        sass: string[]
        ptx: string[]
      }
      librariesFrom?: 'package' | 'module'
      driver?: string
      gpu?: string
      computeCapability?: string
      glibc?: string
      cpuArch?: string
      slurmFeatures?: string | string[]
      virtualPackages?: Record<string, string>
      solveHost?: string
      env?: Record<string, string>
    }
    CompatibilityReport: {
      verdict: 'compatible' | 'compatible-with-warning' | 'incompatible' | 'unknown'
      rule: string
      detail: string
      findings: components['schemas']['CompatibilityFinding'][]
      understood: {
        gpu: string | null
        computeCapability: string | null
        driver: string | null
        cuda: string | null
        cudnn: string | null
      }
      nearest: components['schemas']['Suggestion'][]
      facts?: components['schemas']['JudgedFacts']
    }
    CsvData: {
      format: 'csv'
      path: string
      separator: ',' | ';' | '\t' | ' ' | '|'
      names: string[] | null
      missing: string[]
      onMissing: 'refuse' | 'drop'
      target: string
      columns: Record<
        string,
        | 'number'
        | 'category'
        | 'skip'
        | {
            categories: string[]
          }
      >
      normalize: 'none' | 'zScore'
    }
    CsvDataInput: {
      format: 'csv'
      path: string
      separator?: ',' | ';' | '\t' | ' ' | '|' | undefined
      names?: readonly string[] | null | undefined
      missing?: readonly string[] | undefined
      onMissing?: 'refuse' | 'drop' | undefined
      target: string
      columns?:
        | Record<
            string,
            | 'number'
            | 'category'
            | 'skip'
            | {
                categories: readonly string[]
              }
          >
        | undefined
      normalize?: 'none' | 'zScore' | undefined
    }
    Data:
      | components['schemas']['CsvData']
      | {
          format: 'npy'
          features: string
          target: string
          rescale: {
            scale: number
            offset: number
          } | null
          normalize: 'none' | 'zScore'
        }
      | {
          format: 'npz'
          path: string
          features: string
          target: string
          rescale: {
            scale: number
            offset: number
          } | null
          normalize: 'none' | 'zScore'
        }
      | {
          format: 'idx'
          images: string
          labels: string
          rescale: {
            scale: number
            offset: number
          }
          pad: number
          channels: 1 | 3
          classNames: string[] | null
        }
      | {
          format: 'cifar10'
          files: string[]
          rescale: {
            scale: number
            offset: number
          }
        }
      | {
          format: 'auto-mpg'
        }
    DataInput:
      | components['schemas']['CsvDataInput']
      | {
          format: 'npy'
          features: string
          target: string
          rescale?:
            | {
                scale: number
                offset?: number | undefined
              }
            | null
            | undefined
          normalize?: 'none' | 'zScore' | undefined
        }
      | {
          format: 'npz'
          path: string
          features?: string | undefined
          target?: string | undefined
          rescale?:
            | {
                scale: number
                offset?: number | undefined
              }
            | null
            | undefined
          normalize?: 'none' | 'zScore' | undefined
        }
      | {
          format: 'idx'
          images: string
          labels: string
          rescale?:
            | {
                scale: number
                offset?: number | undefined
              }
            | undefined
          pad?: number | undefined
          channels?: 1 | 3 | undefined
          classNames?: readonly string[] | null | undefined
        }
      | {
          format: 'cifar10'
          files: readonly string[]
          rescale?:
            | {
                scale: number
                offset?: number | undefined
              }
            | undefined
        }
      | {
          format: 'auto-mpg'
        }
    DryRun: {
      request: components['schemas']['JobRequest']
      expanded: components['schemas']['ModelTraining'] | null
      compatibility: components['schemas']['JobCompatibility']
      notes: string[]
      environment: {
        lock: string
        name: string | null
        look: {
          lockId: string
          depth: 'bytes' | 'times'
          looked: number
          of: number
          seconds: number
          drift: {
            detail: string
            files: {
              path: string
              what:
                | 'missing'
                | 'changed'
                | 'extra'
                | 'unreadable'
                | 'package-missing'
                | 'package-extra'
                | 'package-changed'
              package: string | null
            }[]
            count: number
          } | null
        } | null
      } | null
      script: string
    }
    Environment: {
      id: string
      names: string[]
      platform: 'linux-64' | 'linux-aarch64' | 'linux-ppc64le'
      packages: number
      pipPackages: number
      requirements: string[]
      createdAt: string
      createdBy: string
      solvedFor:
        | {
            cluster: string
            partition: string
            gpuType?: string
          }
        | {
            platform: 'linux-64' | 'linux-aarch64' | 'linux-ppc64le'
            virtualPackages: {
              __cuda?: string | null
              __cuda_arch?: string | null
              __glibc?: string | null
              __linux?: string | null
              __archspec?: string | null
            }
          }
        | null
      snapshot: {
        id: string
        channels: {
          channel: string
          subdir: string
          sha256: string
          bytes: number
          records: number
          fetchedAt: string
        }[]
      } | null
      spec: string | null
      notes: string[]
      on: components['schemas']['Materialisation'][]
    }
    EnvironmentDiff: {
      from: string
      to: string
      text: string
      changes: {
        kind: string
        name: string
        from: string | null
        to: string | null
      }[]
    }
    EnvironmentHistory: {
      name: string
      owner: string
      versions: {
        version: number
        lock: string
        at: string
        by: string
      }[]
    }
    EnvironmentLock: {
      v: 1
      platform: 'linux-64' | 'linux-aarch64' | 'linux-ppc64le'
      virtualPackages: {
        name: string
        requires: string
        presence: 'required' | 'if-present'
        by: string[]
      }[]
      conda: {
        name: string
        version: string
        build: string
        subdir: 'linux-64' | 'linux-aarch64' | 'linux-ppc64le' | 'noarch'
        url: string
        md5: string
        sha256: string
        size: number | null
      }[]
      pip: {
        name: string
        version: string
        sha256: string[]
      }[]
    }
    EnvironmentLockInput: {
      v: 1
      platform: 'linux-64' | 'linux-aarch64' | 'linux-ppc64le'
      virtualPackages: readonly {
        name: string
        requires: string
        presence: 'required' | 'if-present'
        by: readonly string[]
      }[]
      conda: readonly {
        name: string
        version: string
        build: string
        subdir: 'linux-64' | 'linux-aarch64' | 'linux-ppc64le' | 'noarch'
        url: string
        md5: string
        sha256: string
        size: number | null
      }[]
      pip: readonly {
        name: string
        version: string
        sha256: readonly string[]
      }[]
    }
    EnvironmentMade: {
      id: string
      names: string[]
      platform: 'linux-64' | 'linux-aarch64' | 'linux-ppc64le'
      packages: number
      pipPackages: number
      requirements: string[]
      createdAt: string
      createdBy: string
      solvedFor:
        | {
            cluster: string
            partition: string
            gpuType?: string
          }
        | {
            platform: 'linux-64' | 'linux-aarch64' | 'linux-ppc64le'
            virtualPackages: {
              __cuda?: string | null
              __cuda_arch?: string | null
              __glibc?: string | null
              __linux?: string | null
              __archspec?: string | null
            }
          }
        | null
      snapshot: {
        id: string
        channels: {
          channel: string
          subdir: string
          sha256: string
          bytes: number
          records: number
          fetchedAt: string
        }[]
      } | null
      spec: string | null
      notes: string[]
      on: components['schemas']['Materialisation'][]
      lock: components['schemas']['EnvironmentLock']
      created: boolean
      compatibility: components['schemas']['CompatibilityReport'] | null
    }
    EnvironmentPage: {
      items: components['schemas']['Environment'][]
      nextCursor: string | null
    }
    EnvironmentRequest: {
      name?: string
      spec?: string | Record<string, unknown>
      lock?: string | Record<string, unknown>
      target?:
        | {
            cluster: string
            partition: string
            gpuType?: string
          }
        | {
            platform: 'linux-64' | 'linux-aarch64' | 'linux-ppc64le'
            virtualPackages: {
              __cuda?: string | null
              __cuda_arch?: string | null
              __glibc?: string | null
              __linux?: string | null
              __archspec?: string | null
            }
          }
      repodata:
        | 'cached'
        | 'fresh'
        | {
            snapshot: string
          }
    }
    EnvironmentRequestInput: {
      name?: string | undefined
      spec?: string | Record<string, unknown> | undefined
      lock?: string | Record<string, unknown> | undefined
      target?:
        | {
            cluster: string
            partition: string
            gpuType?: string | undefined
          }
        | {
            platform?: 'linux-64' | 'linux-aarch64' | 'linux-ppc64le' | undefined
            virtualPackages: {
              __cuda?: string | null | undefined
              __cuda_arch?: string | null | undefined
              __glibc?: string | null | undefined
              __linux?: string | null | undefined
              __archspec?: string | null | undefined
            }
          }
        | undefined
      repodata?:
        | 'cached'
        | 'fresh'
        | {
            snapshot: string
          }
        | undefined
    }
    EnvironmentSpec: {
      name?: string
      channels: string[]
      dependencies: (
        | string
        | {
            pip: string[]
          }
      )[]
    }
    Epoch: {
      epoch: number
      at: string
      seconds: number
      values: Record<string, number | null>
      nonFinite?: Record<string, 'nan' | '+inf' | '-inf'>
      run: string
      attempt: number
    }
    EpochLine: {
      epoch: number
      at: string
      seconds: number
      values: Record<string, number | null>
      nonFinite?: Record<string, 'nan' | '+inf' | '-inf'>
    }
    EpochPage: {
      items: components['schemas']['Epoch'][]
      next: number | null
    }
    Failure: {
      reason:
        | 'exit-code'
        | 'signal'
        | 'out-of-memory'
        | 'time-limit'
        | 'node-fail'
        | 'boot-fail'
        | 'launch-failed'
        | 'preempted'
        | 'deadline'
        | 'incompatible-node'
        | 'environment'
        | 'submission-refused'
        | 'training'
        | 'no-result'
        | 'lost'
      detail: string
      action: string
      evidence: string[]
      logTail: string
    }
    Finding: {
      pointer: string
      detail: string
      required?: string
      found?: string
      hint?: string
      source?: string
    }
    Job: {
      id: string
      revision: number
      name: string
      owner: {
        id: string
        name: string
      }
      identity: {
        name: string
        unixUser: string
      }
      cluster: string
      state: 'accepted' | 'prepared' | 'pending' | 'running' | 'finishing' | 'completed' | 'failed' | 'cancelled'
      request: components['schemas']['JobRequest']
      expanded: components['schemas']['ModelTraining'] | null
      createdAt: string
      updatedAt: string
      endedAt: string | null
      compatibility: components['schemas']['JobCompatibility']
      submission: number
      submissions: {
        submission: number
        cause: 'request' | 'forgotten' | 'time-limit' | 'preempted' | 'node-fail' | 'boot-fail' | 'launch-failed'
        at: string
        evidence: string[]
        timeLimitMinutes: number
        warnSeconds: number
        slurmJobId: string | null
        elapsedSeconds: number | null
      }[]
      slurm: {
        jobId: string
        name: string
        state: string
        reason: string | null
        exitCode: string | null
        nodes: string | null
        submitTime: string | null
        startTime: string | null
        endTime: string | null
        restarts: number
        source: 'receipt' | 'squeue' | 'sacct'
        seenAt: string
      } | null
      runs: {
        run: string
        attempt: number
        slurmJobId: string
        node: string | null
        resumed: {
          run: string
          epochs: number
          batches: number
        } | null
        startedAt: string | null
        endedAt: string | null
        ending: string | null
      }[]
      progress: {
        epochs: number
        of: number
        superseded: number
        last: components['schemas']['Epoch'] | null
      }
      trying: {
        stage: 'prepare' | 'submit' | 'watch' | 'finish' | 'cancel'
        tries: number
        nextAt: string
        code: string
        detail: string
      } | null
      hold: {
        stage: 'prepare' | 'submit' | 'watch' | 'finish' | 'cancel'
        code: string
        detail: string
        since: string
      } | null
      cancelRequestedAt: string | null
      failure: components['schemas']['Failure'] | null
      result: {
        backend: string
        engine: string
        skipped: {
          backend: string
          why: string
        }[]
        epochs: number
        metrics: Record<string, number | null>
        coefficients: {
          start: {
            a: number | null
            b: number | null
          }
          end: {
            a: number | null
            b: number | null
          }
          leastSquares: {
            intercept: number
            slope: number
          }
        } | null
        trainStatistics: Record<
          string,
          {
            count: number
            mean: number
            std: number
            min: number
            '25%': number
            '50%': number
            '75%': number
            max: number
          }
        > | null
        layers:
          | {
              name: string
              type: string
              outputShape: number[]
              params: number
            }[]
          | null
        history: Record<string, number | null>[]
        best: {
          epoch: number
          monitor: string
          value: number
        } | null
        stoppedEarlyAt: number | null
        weightsSha256: string | null
        artifacts: {
          path: string
          bytes: number
          sha256: string
        }[]
        fitSeconds: number
      } | null
      environment: {
        lock: string
        name: string | null
        look: {
          lockId: string
          depth: 'bytes' | 'times'
          looked: number
          of: number
          seconds: number
          drift: {
            detail: string
            files: {
              path: string
              what:
                | 'missing'
                | 'changed'
                | 'extra'
                | 'unreadable'
                | 'package-missing'
                | 'package-extra'
                | 'package-changed'
              package: string | null
            }[]
            count: number
          } | null
        } | null
      } | null
      data: {
        path: string
        bytes: number
        sha256: string | null
      }[]
      rerunOf: {
        job: string
        elsewhere: boolean
        differences: string[]
        release: string | null
        data: {
          path: string
          bytes: number
          sha256: string | null
        }[]
      } | null
      worker: {
        release: string
        runtime: string | null
      } | null
      notes: {
        at: string
        text: string
      }[]
    }
    JobCompatibility: {
      verdict: 'compatible' | 'compatible-with-warning' | 'incompatible' | 'unknown'
      rule: string
      detail: string
      findings: components['schemas']['CompatibilityFinding'][]
      facts: {
        partition: string
        driver: string | null
        gpu: string | null
        computeCapability: string | null
        source: 'probe' | 'declared' | 'gres' | 'feature' | 'job'
        at: string
      } | null
    }
    JobCompatibilityReport: {
      judgedAt: string
      complete: boolean
      report: components['schemas']['CompatibilityReport']
    }
    JobCounts: {
      states: {
        accepted: number
        prepared: number
        pending: number
        running: number
        finishing: number
        completed: number
        failed: number
        cancelled: number
      }
      held: number
    }
    JobEvent:
      | {
          at: string
          type: 'state'
          from:
            | 'accepted'
            | 'prepared'
            | 'pending'
            | 'running'
            | 'finishing'
            | 'completed'
            | 'failed'
            | 'cancelled'
            | null
          to: 'accepted' | 'prepared' | 'pending' | 'running' | 'finishing' | 'completed' | 'failed' | 'cancelled'
          detail: string
          evidence: string[]
        }
      | {
          at: string
          type: 'epochs'
          first: number
          last: components['schemas']['Epoch']
          count: number
          total: number
        }
      | {
          at: string
          type: 'trying'
          stage: 'prepare' | 'submit' | 'watch' | 'finish' | 'cancel'
          tries: number
          code: string
          detail: string
        }
      | {
          at: string
          type: 'held'
          stage: 'prepare' | 'submit' | 'watch' | 'finish' | 'cancel'
          code: string
          detail: string
        }
      | {
          at: string
          type: 'released'
          by: string
        }
      | {
          at: string
          type: 'cancel-requested'
          by: string
        }
      | {
          at: string
          type: 'run'
          run: string
          attempt: number
          node: string | null
        }
      | {
          at: string
          type: 'note'
          text: string
        }
      | {
          at: string
          type: 'reset'
          seq: number
        }
    JobPage: {
      items: components['schemas']['JobSummary'][]
      nextCursor: string | null
    }
    JobRequest: {
      name: string
      cluster: string
      resources: components['schemas']['Resources']
      labels: Record<string, string>
      environment:
        | {
            lock: string
          }
        | {
            spec: string | Record<string, unknown>
          }
        | {
            name: string
          }
        | null
      training:
        | components['schemas']['PresetTraining']
        | components['schemas']['ModelTraining']
        | components['schemas']['CommandTraining']
    }
    JobRequestInput: {
      name: string
      cluster: string
      resources: components['schemas']['ResourcesInput']
      labels?: Record<string, string> | undefined
      environment?:
        | {
            lock: string
          }
        | {
            spec: string | Record<string, unknown>
          }
        | {
            name: string
          }
        | null
        | undefined
      training:
        | components['schemas']['PresetTrainingInput']
        | components['schemas']['ModelTrainingInput']
        | components['schemas']['CommandTrainingInput']
    }
    JobSummary: {
      id: string
      name: string
      owner: string
      cluster: string
      partition: string
      state: 'accepted' | 'prepared' | 'pending' | 'running' | 'finishing' | 'completed' | 'failed' | 'cancelled'
      createdAt: string
      endedAt: string | null
      slurmJobId: string | null
      slurmState: string | null
      epochs: number
      ofEpochs: number
      loss: number | null
      lossNonFinite: 'nan' | '+inf' | '-inf' | null
      gpus: number
      startedAt: string | null
      hold: string | null
      failure:
        | 'exit-code'
        | 'signal'
        | 'out-of-memory'
        | 'time-limit'
        | 'node-fail'
        | 'boot-fail'
        | 'launch-failed'
        | 'preempted'
        | 'deadline'
        | 'incompatible-node'
        | 'environment'
        | 'submission-refused'
        | 'training'
        | 'no-result'
        | 'lost'
        | null
      why: string | null
    }
    JudgedFacts: {
      cluster: string
      partition: string
      gpuType: string | null
      nodes: string[]
      driver: {
        value: string
        source: 'probe' | 'declared' | 'gres' | 'feature' | 'job'
        from: string
        at: string
      } | null
      gpu: {
        value: string
        source: 'probe' | 'declared' | 'gres' | 'feature' | 'job'
        from: string
        at: string
      } | null
      computeCapability: {
        value: string
        source: 'probe' | 'declared' | 'gres' | 'feature' | 'job'
        from: string
        at: string
      } | null
      glibc: {
        value: string
        source: 'probe' | 'declared' | 'gres' | 'feature' | 'job'
        from: string
        at: string
      } | null
      cpuArch: {
        value: string
        source: 'probe' | 'declared' | 'gres' | 'feature' | 'job'
        from: string
        at: string
      } | null
      node: {
        value: string
        source: 'probe' | 'declared' | 'gres' | 'feature' | 'job'
        from: string
        at: string
      } | null
    }
    Layer:
      | {
          kind: 'dense'
          name?: string
          units: number
          activation:
            | 'linear'
            | 'relu'
            | 'tanh'
            | 'sigmoid'
            | 'softmax'
            | 'elu'
            | 'selu'
            | 'relu6'
            | 'softplus'
            | 'softsign'
            | 'hardSigmoid'
            | 'swish'
            | 'mish'
            | 'gelu'
          useBias: boolean
          kernelInitializer:
            | 'zeros'
            | 'ones'
            | 'glorotUniform'
            | 'glorotNormal'
            | 'heUniform'
            | 'heNormal'
            | 'leCunUniform'
            | 'leCunNormal'
            | {
                kind: 'constant'
                value: number
              }
            | {
                kind: 'randomUniform'
                minval: number
                maxval: number
              }
            | {
                kind: 'randomNormal'
                mean: number
                stddev: number
              }
            | {
                kind: 'varianceScaling'
                scale: number
                mode: 'fanIn' | 'fanOut' | 'fanAvg'
                distribution: 'uniform' | 'normal' | 'truncatedNormal'
              }
          biasInitializer:
            | 'zeros'
            | 'ones'
            | 'glorotUniform'
            | 'glorotNormal'
            | 'heUniform'
            | 'heNormal'
            | 'leCunUniform'
            | 'leCunNormal'
            | {
                kind: 'constant'
                value: number
              }
            | {
                kind: 'randomUniform'
                minval: number
                maxval: number
              }
            | {
                kind: 'randomNormal'
                mean: number
                stddev: number
              }
            | {
                kind: 'varianceScaling'
                scale: number
                mode: 'fanIn' | 'fanOut' | 'fanAvg'
                distribution: 'uniform' | 'normal' | 'truncatedNormal'
              }
        }
      | {
          kind: 'conv2d'
          name?: string
          filters: number
          kernelSize: number | [number, number]
          strides: number | [number, number]
          padding: 'valid' | 'same'
          activation:
            | 'linear'
            | 'relu'
            | 'tanh'
            | 'sigmoid'
            | 'softmax'
            | 'elu'
            | 'selu'
            | 'relu6'
            | 'softplus'
            | 'softsign'
            | 'hardSigmoid'
            | 'swish'
            | 'mish'
            | 'gelu'
          useBias: boolean
          kernelInitializer:
            | 'zeros'
            | 'ones'
            | 'glorotUniform'
            | 'glorotNormal'
            | 'heUniform'
            | 'heNormal'
            | 'leCunUniform'
            | 'leCunNormal'
            | {
                kind: 'constant'
                value: number
              }
            | {
                kind: 'randomUniform'
                minval: number
                maxval: number
              }
            | {
                kind: 'randomNormal'
                mean: number
                stddev: number
              }
            | {
                kind: 'varianceScaling'
                scale: number
                mode: 'fanIn' | 'fanOut' | 'fanAvg'
                distribution: 'uniform' | 'normal' | 'truncatedNormal'
              }
          biasInitializer:
            | 'zeros'
            | 'ones'
            | 'glorotUniform'
            | 'glorotNormal'
            | 'heUniform'
            | 'heNormal'
            | 'leCunUniform'
            | 'leCunNormal'
            | {
                kind: 'constant'
                value: number
              }
            | {
                kind: 'randomUniform'
                minval: number
                maxval: number
              }
            | {
                kind: 'randomNormal'
                mean: number
                stddev: number
              }
            | {
                kind: 'varianceScaling'
                scale: number
                mode: 'fanIn' | 'fanOut' | 'fanAvg'
                distribution: 'uniform' | 'normal' | 'truncatedNormal'
              }
        }
      | {
          kind: 'maxPooling2d'
          name?: string
          poolSize: number | [number, number]
          strides: number | [number, number] | null
          padding: 'valid' | 'same'
        }
      | {
          kind: 'averagePooling2d'
          name?: string
          poolSize: number | [number, number]
          strides: number | [number, number] | null
          padding: 'valid' | 'same'
        }
      | {
          kind: 'flatten'
          name?: string
        }
      | {
          kind: 'dropout'
          name?: string
          rate: number
        }
      | {
          kind: 'activation'
          name?: string
          activation:
            | 'linear'
            | 'relu'
            | 'tanh'
            | 'sigmoid'
            | 'softmax'
            | 'elu'
            | 'selu'
            | 'relu6'
            | 'softplus'
            | 'softsign'
            | 'hardSigmoid'
            | 'swish'
            | 'mish'
            | 'gelu'
        }
      | {
          kind: 'batchNormalization'
          name?: string
          momentum: number
          epsilon: number
          center: boolean
          scale: boolean
        }
      | {
          kind: 'tfjs'
          name?: string
          className: string
          config: Record<string, unknown>
        }
    LayerInput:
      | {
          kind: 'dense'
          name?: string | undefined
          units: number
          activation?:
            | 'linear'
            | 'relu'
            | 'tanh'
            | 'sigmoid'
            | 'softmax'
            | 'elu'
            | 'selu'
            | 'relu6'
            | 'softplus'
            | 'softsign'
            | 'hardSigmoid'
            | 'swish'
            | 'mish'
            | 'gelu'
            | undefined
          useBias?: boolean | undefined
          kernelInitializer?:
            | 'zeros'
            | 'ones'
            | 'glorotUniform'
            | 'glorotNormal'
            | 'heUniform'
            | 'heNormal'
            | 'leCunUniform'
            | 'leCunNormal'
            | {
                kind: 'constant'
                value: number
              }
            | {
                kind: 'randomUniform'
                minval: number
                maxval: number
              }
            | {
                kind: 'randomNormal'
                mean?: number | undefined
                stddev: number
              }
            | {
                kind: 'varianceScaling'
                scale?: number | undefined
                mode?: 'fanIn' | 'fanOut' | 'fanAvg' | undefined
                distribution?: 'uniform' | 'normal' | 'truncatedNormal' | undefined
              }
            | undefined
          biasInitializer?:
            | 'zeros'
            | 'ones'
            | 'glorotUniform'
            | 'glorotNormal'
            | 'heUniform'
            | 'heNormal'
            | 'leCunUniform'
            | 'leCunNormal'
            | {
                kind: 'constant'
                value: number
              }
            | {
                kind: 'randomUniform'
                minval: number
                maxval: number
              }
            | {
                kind: 'randomNormal'
                mean?: number | undefined
                stddev: number
              }
            | {
                kind: 'varianceScaling'
                scale?: number | undefined
                mode?: 'fanIn' | 'fanOut' | 'fanAvg' | undefined
                distribution?: 'uniform' | 'normal' | 'truncatedNormal' | undefined
              }
            | undefined
        }
      | {
          kind: 'conv2d'
          name?: string | undefined
          filters: number
          kernelSize: number | readonly [number, number]
          strides?: number | readonly [number, number] | undefined
          padding?: 'valid' | 'same' | undefined
          activation?:
            | 'linear'
            | 'relu'
            | 'tanh'
            | 'sigmoid'
            | 'softmax'
            | 'elu'
            | 'selu'
            | 'relu6'
            | 'softplus'
            | 'softsign'
            | 'hardSigmoid'
            | 'swish'
            | 'mish'
            | 'gelu'
            | undefined
          useBias?: boolean | undefined
          kernelInitializer?:
            | 'zeros'
            | 'ones'
            | 'glorotUniform'
            | 'glorotNormal'
            | 'heUniform'
            | 'heNormal'
            | 'leCunUniform'
            | 'leCunNormal'
            | {
                kind: 'constant'
                value: number
              }
            | {
                kind: 'randomUniform'
                minval: number
                maxval: number
              }
            | {
                kind: 'randomNormal'
                mean?: number | undefined
                stddev: number
              }
            | {
                kind: 'varianceScaling'
                scale?: number | undefined
                mode?: 'fanIn' | 'fanOut' | 'fanAvg' | undefined
                distribution?: 'uniform' | 'normal' | 'truncatedNormal' | undefined
              }
            | undefined
          biasInitializer?:
            | 'zeros'
            | 'ones'
            | 'glorotUniform'
            | 'glorotNormal'
            | 'heUniform'
            | 'heNormal'
            | 'leCunUniform'
            | 'leCunNormal'
            | {
                kind: 'constant'
                value: number
              }
            | {
                kind: 'randomUniform'
                minval: number
                maxval: number
              }
            | {
                kind: 'randomNormal'
                mean?: number | undefined
                stddev: number
              }
            | {
                kind: 'varianceScaling'
                scale?: number | undefined
                mode?: 'fanIn' | 'fanOut' | 'fanAvg' | undefined
                distribution?: 'uniform' | 'normal' | 'truncatedNormal' | undefined
              }
            | undefined
        }
      | {
          kind: 'maxPooling2d'
          name?: string | undefined
          poolSize?: number | readonly [number, number] | undefined
          strides?: number | readonly [number, number] | null | undefined
          padding?: 'valid' | 'same' | undefined
        }
      | {
          kind: 'averagePooling2d'
          name?: string | undefined
          poolSize?: number | readonly [number, number] | undefined
          strides?: number | readonly [number, number] | null | undefined
          padding?: 'valid' | 'same' | undefined
        }
      | {
          kind: 'flatten'
          name?: string | undefined
        }
      | {
          kind: 'dropout'
          name?: string | undefined
          rate: number
        }
      | {
          kind: 'activation'
          name?: string | undefined
          activation:
            | 'linear'
            | 'relu'
            | 'tanh'
            | 'sigmoid'
            | 'softmax'
            | 'elu'
            | 'selu'
            | 'relu6'
            | 'softplus'
            | 'softsign'
            | 'hardSigmoid'
            | 'swish'
            | 'mish'
            | 'gelu'
        }
      | {
          kind: 'batchNormalization'
          name?: string | undefined
          momentum?: number | undefined
          epsilon?: number | undefined
          center?: boolean | undefined
          scale?: boolean | undefined
        }
      | {
          kind: 'tfjs'
          name?: string | undefined
          className: string
          config?: Record<string, unknown> | undefined
        }
    LogSearch: {
      attempt: number
      matches: {
        offset: number
        column: number | null
        text?: string
        base64?: string
        cut: boolean
      }[]
      count: number
      bytes: number
      seconds: number
      complete: boolean
      stopped: 'time' | 'memory' | null
    }
    Materialisation: {
      cluster: string
      lock: string
      state: 'wanted' | 'making' | 'ready' | 'failed' | 'cancelled' | 'quarantined' | 'removing'
      form: 'tree' | 'packed'
      detail: string
      step: 'wait' | 'download' | 'install' | 'pip' | 'verify' | 'pack' | 'publish' | null
      progress: {
        done: number
        of: number | null
        unit: 'packages' | 'files' | 'bytes'
      } | null
      installer: {
        tool: 'micromamba' | 'mamba' | 'conda' | 'pixi'
        path: string
        version: string | null
      } | null
      trouble: {
        code:
          | 'no-installer'
          | 'archive-unavailable'
          | 'archive-changed'
          | 'installer-failed'
          | 'pip-failed'
          | 'verify-failed'
          | 'time-limit'
          | 'storage'
          | 'cancelled'
          | 'refused'
          | 'died'
        detail: string
        evidence: string[]
        transient: boolean
      } | null
      look: {
        lockId: string
        depth: 'bytes' | 'times'
        looked: number
        of: number
        seconds: number
        drift: {
          detail: string
          files: {
            path: string
            what:
              | 'missing'
              | 'changed'
              | 'extra'
              | 'unreadable'
              | 'package-missing'
              | 'package-extra'
              | 'package-changed'
            package: string | null
          }[]
          count: number
        } | null
      } | null
      prefix: string | null
      bytes: number | null
      files: number | null
      attempt: number
      wantedAt: string
      at: string
      madeAt: string | null
      lastUsedAt: string | null
      jobs: number
    }
    ModelTraining: {
      kind: 'model'
      data: components['schemas']['Data']
      split: {
        trainFraction: number
        splitSeed: number
      } | null
      testData: components['schemas']['Data'] | null
      validationSplit: number
      validationData: components['schemas']['Data'] | null
      model:
        | {
            layers: components['schemas']['Layer'][]
          }
        | {
            topology: Record<string, unknown>
          }
      optimizer: components['schemas']['Optimizer']
      loss:
        | 'meanSquaredError'
        | 'meanAbsoluteError'
        | 'huber'
        | 'binaryCrossentropy'
        | 'categoricalCrossentropy'
        | 'sparseCategoricalCrossentropy'
        | 'mse'
        | 'mean_squared_error'
        | 'mae'
        | 'mean_absolute_error'
        | 'binary_crossentropy'
        | 'categorical_crossentropy'
        | 'sparse_categorical_crossentropy'
      metrics: (
        | 'meanSquaredError'
        | 'meanAbsoluteError'
        | 'rootMeanSquaredError'
        | 'meanAbsolutePercentageError'
        | 'accuracy'
        | 'topKAccuracy'
        | 'mse'
        | 'mean_squared_error'
        | 'mae'
        | 'mean_absolute_error'
        | 'rmse'
        | 'root_mean_squared_error'
        | 'mape'
        | 'mean_absolute_percentage_error'
        | 'acc'
        | 'top_k_accuracy'
      )[]
      fromLogits: boolean | null
      epochs: number
      batchSize: number
      shuffle: boolean
      classWeights: Record<string, number> | null
      earlyStopping: {
        monitor: string
        mode: 'auto' | 'min' | 'max'
        minDelta: number
        patience: number
        baseline: number | null
        restoreBestWeights: boolean
        startFromEpoch: number
      } | null
      bestWeights: {
        monitor: string
        mode: 'auto' | 'min' | 'max'
      } | null
      shares: number
      seed: number
      backend: 'auto' | 'any' | 'tfjs-node-gpu' | 'tfjs-node' | 'webgpu' | 'simd' | 'wasm' | 'cpu'
    }
    ModelTrainingInput: {
      kind: 'model'
      data: components['schemas']['DataInput']
      split?:
        | {
            trainFraction?: number | undefined
            splitSeed?: number | undefined
          }
        | null
        | undefined
      testData?: components['schemas']['DataInput'] | null | undefined
      validationSplit?: number | undefined
      validationData?: components['schemas']['DataInput'] | null | undefined
      model:
        | {
            layers: readonly components['schemas']['LayerInput'][]
          }
        | {
            topology: Record<string, unknown>
          }
      optimizer: components['schemas']['OptimizerInput']
      loss:
        | 'meanSquaredError'
        | 'meanAbsoluteError'
        | 'huber'
        | 'binaryCrossentropy'
        | 'categoricalCrossentropy'
        | 'sparseCategoricalCrossentropy'
        | 'mse'
        | 'mean_squared_error'
        | 'mae'
        | 'mean_absolute_error'
        | 'binary_crossentropy'
        | 'categorical_crossentropy'
        | 'sparse_categorical_crossentropy'
      metrics?:
        | readonly (
            | 'meanSquaredError'
            | 'meanAbsoluteError'
            | 'rootMeanSquaredError'
            | 'meanAbsolutePercentageError'
            | 'accuracy'
            | 'topKAccuracy'
            | 'mse'
            | 'mean_squared_error'
            | 'mae'
            | 'mean_absolute_error'
            | 'rmse'
            | 'root_mean_squared_error'
            | 'mape'
            | 'mean_absolute_percentage_error'
            | 'acc'
            | 'top_k_accuracy'
          )[]
        | undefined
      fromLogits?: boolean | null | undefined
      epochs: number
      batchSize?: number | undefined
      shuffle?: boolean | undefined
      classWeights?: Record<string, number> | null | undefined
      earlyStopping?:
        | {
            monitor?: string | undefined
            mode?: 'auto' | 'min' | 'max' | undefined
            minDelta?: number | undefined
            patience?: number | undefined
            baseline?: number | null | undefined
            restoreBestWeights?: boolean | undefined
            startFromEpoch?: number | undefined
          }
        | null
        | undefined
      bestWeights?:
        | {
            monitor?: string | undefined
            mode?: 'auto' | 'min' | 'max' | undefined
          }
        | null
        | undefined
      shares?: number | undefined
      seed?: number | undefined
      backend?: 'auto' | 'any' | 'tfjs-node-gpu' | 'tfjs-node' | 'webgpu' | 'simd' | 'wasm' | 'cpu' | undefined
    }
    Optimizer:
      | {
          kind: 'sgd'
          learningRate:
            | number
            | {
                kind: 'exponentialDecay'
                initialLearningRate: number
                decaySteps: number
                decayRate: number
                staircase: boolean
              }
            | {
                kind: 'inverseTimeDecay'
                initialLearningRate: number
                decaySteps: number
                decayRate: number
                staircase: boolean
              }
            | {
                kind: 'polynomialDecay'
                initialLearningRate: number
                decaySteps: number
                endLearningRate: number
                power: number
                cycle: boolean
              }
            | {
                kind: 'cosineDecay'
                initialLearningRate: number
                decaySteps: number
                alpha: number
                warmupTarget: number | null
                warmupSteps: number
              }
            | {
                kind: 'piecewiseConstantDecay'
                boundaries: number[]
                values: number[]
              }
          momentum: number
          nesterov: boolean
        }
      | {
          kind: 'momentum'
          learningRate:
            | number
            | {
                kind: 'exponentialDecay'
                initialLearningRate: number
                decaySteps: number
                decayRate: number
                staircase: boolean
              }
            | {
                kind: 'inverseTimeDecay'
                initialLearningRate: number
                decaySteps: number
                decayRate: number
                staircase: boolean
              }
            | {
                kind: 'polynomialDecay'
                initialLearningRate: number
                decaySteps: number
                endLearningRate: number
                power: number
                cycle: boolean
              }
            | {
                kind: 'cosineDecay'
                initialLearningRate: number
                decaySteps: number
                alpha: number
                warmupTarget: number | null
                warmupSteps: number
              }
            | {
                kind: 'piecewiseConstantDecay'
                boundaries: number[]
                values: number[]
              }
          momentum: number
        }
      | {
          kind: 'nesterov'
          learningRate:
            | number
            | {
                kind: 'exponentialDecay'
                initialLearningRate: number
                decaySteps: number
                decayRate: number
                staircase: boolean
              }
            | {
                kind: 'inverseTimeDecay'
                initialLearningRate: number
                decaySteps: number
                decayRate: number
                staircase: boolean
              }
            | {
                kind: 'polynomialDecay'
                initialLearningRate: number
                decaySteps: number
                endLearningRate: number
                power: number
                cycle: boolean
              }
            | {
                kind: 'cosineDecay'
                initialLearningRate: number
                decaySteps: number
                alpha: number
                warmupTarget: number | null
                warmupSteps: number
              }
            | {
                kind: 'piecewiseConstantDecay'
                boundaries: number[]
                values: number[]
              }
          momentum: number
        }
      | {
          kind: 'rmsprop'
          learningRate:
            | number
            | {
                kind: 'exponentialDecay'
                initialLearningRate: number
                decaySteps: number
                decayRate: number
                staircase: boolean
              }
            | {
                kind: 'inverseTimeDecay'
                initialLearningRate: number
                decaySteps: number
                decayRate: number
                staircase: boolean
              }
            | {
                kind: 'polynomialDecay'
                initialLearningRate: number
                decaySteps: number
                endLearningRate: number
                power: number
                cycle: boolean
              }
            | {
                kind: 'cosineDecay'
                initialLearningRate: number
                decaySteps: number
                alpha: number
                warmupTarget: number | null
                warmupSteps: number
              }
            | {
                kind: 'piecewiseConstantDecay'
                boundaries: number[]
                values: number[]
              }
          rho: number
          epsilon: number
        }
      | {
          kind: 'adagrad'
          learningRate:
            | number
            | {
                kind: 'exponentialDecay'
                initialLearningRate: number
                decaySteps: number
                decayRate: number
                staircase: boolean
              }
            | {
                kind: 'inverseTimeDecay'
                initialLearningRate: number
                decaySteps: number
                decayRate: number
                staircase: boolean
              }
            | {
                kind: 'polynomialDecay'
                initialLearningRate: number
                decaySteps: number
                endLearningRate: number
                power: number
                cycle: boolean
              }
            | {
                kind: 'cosineDecay'
                initialLearningRate: number
                decaySteps: number
                alpha: number
                warmupTarget: number | null
                warmupSteps: number
              }
            | {
                kind: 'piecewiseConstantDecay'
                boundaries: number[]
                values: number[]
              }
          initialAccumulatorValue: number
          epsilon: number
        }
      | {
          kind: 'adam'
          learningRate:
            | number
            | {
                kind: 'exponentialDecay'
                initialLearningRate: number
                decaySteps: number
                decayRate: number
                staircase: boolean
              }
            | {
                kind: 'inverseTimeDecay'
                initialLearningRate: number
                decaySteps: number
                decayRate: number
                staircase: boolean
              }
            | {
                kind: 'polynomialDecay'
                initialLearningRate: number
                decaySteps: number
                endLearningRate: number
                power: number
                cycle: boolean
              }
            | {
                kind: 'cosineDecay'
                initialLearningRate: number
                decaySteps: number
                alpha: number
                warmupTarget: number | null
                warmupSteps: number
              }
            | {
                kind: 'piecewiseConstantDecay'
                boundaries: number[]
                values: number[]
              }
          beta1: number
          beta2: number
          epsilon: number
        }
      | {
          kind: 'adamw'
          learningRate:
            | number
            | {
                kind: 'exponentialDecay'
                initialLearningRate: number
                decaySteps: number
                decayRate: number
                staircase: boolean
              }
            | {
                kind: 'inverseTimeDecay'
                initialLearningRate: number
                decaySteps: number
                decayRate: number
                staircase: boolean
              }
            | {
                kind: 'polynomialDecay'
                initialLearningRate: number
                decaySteps: number
                endLearningRate: number
                power: number
                cycle: boolean
              }
            | {
                kind: 'cosineDecay'
                initialLearningRate: number
                decaySteps: number
                alpha: number
                warmupTarget: number | null
                warmupSteps: number
              }
            | {
                kind: 'piecewiseConstantDecay'
                boundaries: number[]
                values: number[]
              }
          weightDecay: number
          beta1: number
          beta2: number
          epsilon: number
        }
    OptimizerInput:
      | {
          kind: 'sgd'
          learningRate?:
            | number
            | {
                kind: 'exponentialDecay'
                initialLearningRate: number
                decaySteps: number
                decayRate: number
                staircase?: boolean | undefined
              }
            | {
                kind: 'inverseTimeDecay'
                initialLearningRate: number
                decaySteps: number
                decayRate: number
                staircase?: boolean | undefined
              }
            | {
                kind: 'polynomialDecay'
                initialLearningRate: number
                decaySteps: number
                endLearningRate?: number | undefined
                power?: number | undefined
                cycle?: boolean | undefined
              }
            | {
                kind: 'cosineDecay'
                initialLearningRate: number
                decaySteps: number
                alpha?: number | undefined
                warmupTarget?: number | null | undefined
                warmupSteps?: number | undefined
              }
            | {
                kind: 'piecewiseConstantDecay'
                boundaries: readonly number[]
                values: readonly number[]
              }
            | undefined
          momentum?: number | undefined
          nesterov?: boolean | undefined
        }
      | {
          kind: 'momentum'
          learningRate?:
            | number
            | {
                kind: 'exponentialDecay'
                initialLearningRate: number
                decaySteps: number
                decayRate: number
                staircase?: boolean | undefined
              }
            | {
                kind: 'inverseTimeDecay'
                initialLearningRate: number
                decaySteps: number
                decayRate: number
                staircase?: boolean | undefined
              }
            | {
                kind: 'polynomialDecay'
                initialLearningRate: number
                decaySteps: number
                endLearningRate?: number | undefined
                power?: number | undefined
                cycle?: boolean | undefined
              }
            | {
                kind: 'cosineDecay'
                initialLearningRate: number
                decaySteps: number
                alpha?: number | undefined
                warmupTarget?: number | null | undefined
                warmupSteps?: number | undefined
              }
            | {
                kind: 'piecewiseConstantDecay'
                boundaries: readonly number[]
                values: readonly number[]
              }
            | undefined
          momentum?: number | undefined
        }
      | {
          kind: 'nesterov'
          learningRate?:
            | number
            | {
                kind: 'exponentialDecay'
                initialLearningRate: number
                decaySteps: number
                decayRate: number
                staircase?: boolean | undefined
              }
            | {
                kind: 'inverseTimeDecay'
                initialLearningRate: number
                decaySteps: number
                decayRate: number
                staircase?: boolean | undefined
              }
            | {
                kind: 'polynomialDecay'
                initialLearningRate: number
                decaySteps: number
                endLearningRate?: number | undefined
                power?: number | undefined
                cycle?: boolean | undefined
              }
            | {
                kind: 'cosineDecay'
                initialLearningRate: number
                decaySteps: number
                alpha?: number | undefined
                warmupTarget?: number | null | undefined
                warmupSteps?: number | undefined
              }
            | {
                kind: 'piecewiseConstantDecay'
                boundaries: readonly number[]
                values: readonly number[]
              }
            | undefined
          momentum?: number | undefined
        }
      | {
          kind: 'rmsprop'
          learningRate?:
            | number
            | {
                kind: 'exponentialDecay'
                initialLearningRate: number
                decaySteps: number
                decayRate: number
                staircase?: boolean | undefined
              }
            | {
                kind: 'inverseTimeDecay'
                initialLearningRate: number
                decaySteps: number
                decayRate: number
                staircase?: boolean | undefined
              }
            | {
                kind: 'polynomialDecay'
                initialLearningRate: number
                decaySteps: number
                endLearningRate?: number | undefined
                power?: number | undefined
                cycle?: boolean | undefined
              }
            | {
                kind: 'cosineDecay'
                initialLearningRate: number
                decaySteps: number
                alpha?: number | undefined
                warmupTarget?: number | null | undefined
                warmupSteps?: number | undefined
              }
            | {
                kind: 'piecewiseConstantDecay'
                boundaries: readonly number[]
                values: readonly number[]
              }
            | undefined
          rho?: number | undefined
          epsilon?: number | undefined
        }
      | {
          kind: 'adagrad'
          learningRate?:
            | number
            | {
                kind: 'exponentialDecay'
                initialLearningRate: number
                decaySteps: number
                decayRate: number
                staircase?: boolean | undefined
              }
            | {
                kind: 'inverseTimeDecay'
                initialLearningRate: number
                decaySteps: number
                decayRate: number
                staircase?: boolean | undefined
              }
            | {
                kind: 'polynomialDecay'
                initialLearningRate: number
                decaySteps: number
                endLearningRate?: number | undefined
                power?: number | undefined
                cycle?: boolean | undefined
              }
            | {
                kind: 'cosineDecay'
                initialLearningRate: number
                decaySteps: number
                alpha?: number | undefined
                warmupTarget?: number | null | undefined
                warmupSteps?: number | undefined
              }
            | {
                kind: 'piecewiseConstantDecay'
                boundaries: readonly number[]
                values: readonly number[]
              }
            | undefined
          initialAccumulatorValue?: number | undefined
          epsilon?: number | undefined
        }
      | {
          kind: 'adam'
          learningRate?:
            | number
            | {
                kind: 'exponentialDecay'
                initialLearningRate: number
                decaySteps: number
                decayRate: number
                staircase?: boolean | undefined
              }
            | {
                kind: 'inverseTimeDecay'
                initialLearningRate: number
                decaySteps: number
                decayRate: number
                staircase?: boolean | undefined
              }
            | {
                kind: 'polynomialDecay'
                initialLearningRate: number
                decaySteps: number
                endLearningRate?: number | undefined
                power?: number | undefined
                cycle?: boolean | undefined
              }
            | {
                kind: 'cosineDecay'
                initialLearningRate: number
                decaySteps: number
                alpha?: number | undefined
                warmupTarget?: number | null | undefined
                warmupSteps?: number | undefined
              }
            | {
                kind: 'piecewiseConstantDecay'
                boundaries: readonly number[]
                values: readonly number[]
              }
            | undefined
          beta1?: number | undefined
          beta2?: number | undefined
          epsilon?: number | undefined
        }
      | {
          kind: 'adamw'
          learningRate?:
            | number
            | {
                kind: 'exponentialDecay'
                initialLearningRate: number
                decaySteps: number
                decayRate: number
                staircase?: boolean | undefined
              }
            | {
                kind: 'inverseTimeDecay'
                initialLearningRate: number
                decaySteps: number
                decayRate: number
                staircase?: boolean | undefined
              }
            | {
                kind: 'polynomialDecay'
                initialLearningRate: number
                decaySteps: number
                endLearningRate?: number | undefined
                power?: number | undefined
                cycle?: boolean | undefined
              }
            | {
                kind: 'cosineDecay'
                initialLearningRate: number
                decaySteps: number
                alpha?: number | undefined
                warmupTarget?: number | null | undefined
                warmupSteps?: number | undefined
              }
            | {
                kind: 'piecewiseConstantDecay'
                boundaries: readonly number[]
                values: readonly number[]
              }
            | undefined
          weightDecay?: number | undefined
          beta1?: number | undefined
          beta2?: number | undefined
          epsilon?: number | undefined
        }
    PauseRequest: {
      why: string
    }
    PauseRequestInput: {
      why?: string | undefined
    }
    PresetTraining:
      | {
          kind: 'preset'
          preset: 'linear-regression'
          epochs: number
          form: 'manual' | 'autograd' | 'optimizer'
          seed: number
          backend: 'auto' | 'any' | 'tfjs-node-gpu' | 'tfjs-node' | 'webgpu' | 'simd' | 'wasm' | 'cpu'
        }
      | {
          kind: 'preset'
          preset: 'auto-mpg'
          epochs: number
          trainFraction: number
          splitSeed: number
          seed: number
          backend: 'auto' | 'any' | 'tfjs-node-gpu' | 'tfjs-node' | 'webgpu' | 'simd' | 'wasm' | 'cpu'
        }
      | {
          kind: 'preset'
          preset: 'fashion-mnist'
          epochs: number
          directory: string
          seed: number
          backend: 'auto' | 'any' | 'tfjs-node-gpu' | 'tfjs-node' | 'webgpu' | 'simd' | 'wasm' | 'cpu'
        }
      | {
          kind: 'preset'
          preset: 'cifar10'
          epochs: number
          directory: string
          seed: number
          backend: 'auto' | 'any' | 'tfjs-node-gpu' | 'tfjs-node' | 'webgpu' | 'simd' | 'wasm' | 'cpu'
        }
    PresetTrainingInput:
      | {
          kind: 'preset'
          preset: 'linear-regression'
          epochs?: number | undefined
          form?: 'manual' | 'autograd' | 'optimizer' | undefined
          seed?: number | undefined
          backend?: 'auto' | 'any' | 'tfjs-node-gpu' | 'tfjs-node' | 'webgpu' | 'simd' | 'wasm' | 'cpu' | undefined
        }
      | {
          kind: 'preset'
          preset: 'auto-mpg'
          epochs?: number | undefined
          trainFraction?: number | undefined
          splitSeed?: number | undefined
          seed?: number | undefined
          backend?: 'auto' | 'any' | 'tfjs-node-gpu' | 'tfjs-node' | 'webgpu' | 'simd' | 'wasm' | 'cpu' | undefined
        }
      | {
          kind: 'preset'
          preset: 'fashion-mnist'
          epochs?: number | undefined
          directory?: string | undefined
          seed?: number | undefined
          backend?: 'auto' | 'any' | 'tfjs-node-gpu' | 'tfjs-node' | 'webgpu' | 'simd' | 'wasm' | 'cpu' | undefined
        }
      | {
          kind: 'preset'
          preset: 'cifar10'
          epochs?: number | undefined
          directory: string
          seed?: number | undefined
          backend?: 'auto' | 'any' | 'tfjs-node-gpu' | 'tfjs-node' | 'webgpu' | 'simd' | 'wasm' | 'cpu' | undefined
        }
    ProbeRequest: {
      partition?: string
    }
    ProbeRequestInput: {
      partition?: string | undefined
    }
    Problem: {
      type: string
      status: number
      code: string
      title: string
      detail: string
      instance: string
      findings?: components['schemas']['Finding'][]
      compatibility?: components['schemas']['JobCompatibility']
      nearest?: components['schemas']['Suggestion'][]
    }
    Readiness: {
      ready: boolean
      checks: {
        name: string
        ok: boolean
        code: string
        detail: string
        memory?: {
          usedBytes: number
          ceilingBytes: number | null
        }
      }[]
    }
    RerunRequest: {
      name?: string
      cluster?: string
      partition?: string
      gpuType?: string | null
      account?: string
      qos?: string
      accept: ('release' | 'runtime' | 'driver' | 'gpu' | 'data')[]
    }
    RerunRequestInput: {
      name?: string | undefined
      cluster?: string | undefined
      partition?: string | undefined
      gpuType?: string | null | undefined
      account?: string | undefined
      qos?: string | undefined
      accept?: readonly ('release' | 'runtime' | 'driver' | 'gpu' | 'data')[] | undefined
    }
    Resources: {
      partition: string
      gpus: number
      gpuType: string | null
      cpus: number
      memoryMiB: number
      timeLimitMinutes: number
      nodes: number
      account: string | null
      qos: string | null
      constraint: string | null
      reservation: string | null
      excludeNodes: string[]
      licenses: string | null
      hold: boolean
      beginAt: string | null
      afterJobs: string[]
      requeue: boolean
    }
    ResourcesInput: {
      partition: string
      gpus?: number | undefined
      gpuType?: string | null | undefined
      cpus?: number | undefined
      memoryMiB?: number | undefined
      timeLimitMinutes?: number | undefined
      nodes?: number | undefined
      account?: string | null | undefined
      qos?: string | null | undefined
      constraint?: string | null | undefined
      reservation?: string | null | undefined
      excludeNodes?: readonly string[] | undefined
      licenses?: string | null | undefined
      hold?: boolean | undefined
      beginAt?: string | null | undefined
      afterJobs?: readonly string[] | undefined
      requeue?: boolean | undefined
    }
    RunResult: {
      v: 1
      jobId: string
      run: string
      slurmJobId: string
      node: string
      outcome: 'completed' | 'failed' | 'stopped'
      stoppedBy: 'signal' | 'cancelled' | 'superseded' | null
      signal: string | null
      failure: {
        reason: 'training' | 'incompatible-node' | 'environment' | 'exit-code' | 'signal'
        code: string
        detail: string
        evidence?: string[]
      } | null
      training: {
        backend: string
        engine: string
        skipped: {
          backend: string
          why: string
        }[]
        epochs: number
        metrics: Record<string, number | null>
        coefficients: {
          start: {
            a: number | null
            b: number | null
          }
          end: {
            a: number | null
            b: number | null
          }
          leastSquares: {
            intercept: number
            slope: number
          }
        } | null
        trainStatistics: Record<
          string,
          {
            count: number
            mean: number
            std: number
            min: number
            '25%': number
            '50%': number
            '75%': number
            max: number
          }
        > | null
        layers:
          | {
              name: string
              type: string
              outputShape: number[]
              params: number
            }[]
          | null
        history: Record<string, number | null>[]
        best: {
          epoch: number
          monitor: string
          value: number
        } | null
        stoppedEarlyAt: number | null
        weightsSha256: string | null
        artifacts: {
          path: string
          bytes: number
          sha256: string
        }[]
        fitSeconds: number
      } | null
      resumed: {
        run: string
        epochs: number
        batches: number
      } | null
      checkpoint: {
        epochs: number
        batches: number
        seconds: number
        bytes: number
      } | null
      startedAt: string
      endedAt: string
      release: string
      environment: {
        lockId: string
        depth: 'bytes' | 'times'
        looked: number
        of: number
        seconds: number
        drift: {
          detail: string
          files: {
            path: string
            what:
              | 'missing'
              | 'changed'
              | 'extra'
              | 'unreadable'
              | 'package-missing'
              | 'package-extra'
              | 'package-changed'
            package: string | null
          }[]
          count: number
        } | null
      } | null
      data: {
        path: string
        bytes: number
        sha256: string | null
      }[]
      command: {
        exitCode: number | null
        signal: string | null
        seconds: number
      } | null
      runtime: string
      reporting: {
        messages: number
        secondsInReporter: number
      }
    }
    SuggestAnswer: {
      hardware: {
        driver?: string
        gpu?: string
        computeCapability?: string
        glibc?: string
        cpuArch?: string
        slurmFeatures?: string | string[]
      }
      frameworks: {
        framework: string
        newest: components['schemas']['Suggestion'][]
        detail: string
      }[]
      facts?: components['schemas']['JudgedFacts']
    }
    SuggestRequest: {
      driver?: string
      gpu?: string
      computeCapability?: string
      glibc?: string
      cpuArch?: string
      slurmFeatures?: string | string[]
      cluster?: string
      partition?: string
      gpuType?: string
      frameworks?: string[]
      python?: string
    }
    SuggestRequestInput: {
      driver?: string | undefined
      gpu?: string | undefined
      computeCapability?: string | undefined
      glibc?: string | undefined
      cpuArch?: string | undefined
      slurmFeatures?: string | readonly string[] | undefined
      cluster?: string | undefined
      partition?: string | undefined
      gpuType?: string | undefined
      frameworks?: readonly string[] | undefined
      python?: string | undefined
    }
    Suggestion: {
      software: {
        framework?: string
        frameworkVersion?: string
        cuda?: string
        cudnn?: string
        python?: string
        channel?: string
        package?: string
        wheelTag?: string
        condaBuild?: string
        condaSpec?: string
        napi?: number
        forwardCompatPackage?: string
        kernels?: {
          sass: string[]
          ptx: string[]
        }
        librariesFrom?: 'package' | 'module'
      }
      partition: string | null
      verdict: 'compatible' | 'compatible-with-warning' | 'incompatible' | 'unknown'
      changes: {
        field: string
        from: string | null
        to: string | null
      }[]
      detail: string
      install: string | null
      warnings: components['schemas']['CompatibilityFinding'][]
    }
    Webhook: {
      id: string
      name: string | null
      owner: string
      url: string
      events: ('failed' | 'held' | 'completed-long' | 'completed' | 'cancelled' | 'started')[]
      labels: Record<string, string>
      job: string | null
      everyone: boolean
      format: 'json' | 'slack' | 'text'
      createdAt: string
      status: 'active' | 'parked'
      parked: {
        since: string
        reason: 'gone' | 'failing' | 'forbidden'
        why: string
      } | null
      failing: {
        since: string
        tries: number
        why: string
      } | null
      lastDeliveredAt: string | null
      deliveries: {
        waiting: number
        parked: number
        collected: number
      }
    }
    WebhookCreated: {
      id: string
      name: string | null
      owner: string
      url: string
      events: ('failed' | 'held' | 'completed-long' | 'completed' | 'cancelled' | 'started')[]
      labels: Record<string, string>
      job: string | null
      everyone: boolean
      format: 'json' | 'slack' | 'text'
      createdAt: string
      status: 'active' | 'parked'
      parked: {
        since: string
        reason: 'gone' | 'failing' | 'forbidden'
        why: string
      } | null
      failing: {
        since: string
        tries: number
        why: string
      } | null
      lastDeliveredAt: string | null
      deliveries: {
        waiting: number
        parked: number
        collected: number
      }
      secret: string
    }
    WebhookDelivery: {
      id: string
      type:
        | 'job.failed'
        | 'job.held'
        | 'job.completed'
        | 'job.cancelled'
        | 'job.started'
        | 'job.digest'
        | 'webhook.test'
      job: {
        id: string
        name: string
      } | null
      createdAt: string
      status: 'waiting' | 'delivered' | 'parked' | 'failed'
      tries: number
      lastTries: {
        at: string
        status: number | null
        why: string | null
        milliseconds: number
      }[]
      nextAt: string | null
    }
    WebhookDeliveryPage: {
      items: components['schemas']['WebhookDelivery'][]
      nextCursor: string | null
    }
    WebhookMessage:
      | {
          type: 'job.failed' | 'job.held' | 'job.completed' | 'job.cancelled' | 'job.started'
          timestamp: string
          data: {
            text: string
            job: {
              id: string
              name: string
              owner: string
              cluster: string
              partition: string
              labels: Record<string, string>
              state:
                | 'accepted'
                | 'prepared'
                | 'pending'
                | 'running'
                | 'finishing'
                | 'completed'
                | 'failed'
                | 'cancelled'
              held: boolean
              failure:
                | 'exit-code'
                | 'signal'
                | 'out-of-memory'
                | 'time-limit'
                | 'node-fail'
                | 'boot-fail'
                | 'launch-failed'
                | 'preempted'
                | 'deadline'
                | 'incompatible-node'
                | 'environment'
                | 'submission-refused'
                | 'training'
                | 'no-result'
                | 'lost'
                | null
              reason: string | null
              action: string | null
              epochs: number
              ofEpochs: number
              values: Record<string, number | null>
              nonFinite: Record<string, 'nan' | '+inf' | '-inf'>
              ranSeconds: number
              logTail: string[]
              url: string
            }
          }
        }
      | {
          type: 'job.digest'
          timestamp: string
          data: {
            text: string
            from: string
            until: string
            counts: Partial<
              Record<
                | 'job.failed'
                | 'job.held'
                | 'job.completed'
                | 'job.cancelled'
                | 'job.started'
                | 'job.digest'
                | 'webhook.test',
                number
              >
            >
            first: {
              type:
                | 'job.failed'
                | 'job.held'
                | 'job.completed'
                | 'job.cancelled'
                | 'job.started'
                | 'job.digest'
                | 'webhook.test'
              timestamp: string
              id: string
              name: string
              reason: string | null
              url: string
            }[]
            url: string
          }
        }
      | {
          type: 'webhook.test'
          timestamp: string
          data: {
            text: string
            webhook: string
            url: string
          }
        }
    WebhookPage: {
      items: components['schemas']['Webhook'][]
      nextCursor: string | null
    }
    WebhookRequest: {
      url: string
      name?: string
      events: ('failed' | 'held' | 'completed-long' | 'completed' | 'cancelled' | 'started')[]
      labels: Record<string, string>
      job?: string
      everyone: boolean
      format: 'json' | 'slack' | 'text'
      secret?: string
    }
    WebhookRequestInput: {
      url: string
      name?: string | undefined
      events?: readonly ('failed' | 'held' | 'completed-long' | 'completed' | 'cancelled' | 'started')[] | undefined
      labels?: Record<string, string> | undefined
      job?: string | undefined
      everyone?: boolean | undefined
      format?: 'json' | 'slack' | 'text' | undefined
      secret?: string | undefined
    }
    Whoami: {
      owner: {
        id: string
        name: string
      }
      role: 'user' | 'operator'
      identity: string
      version: string
    }
    Why: {
      state: 'accepted' | 'prepared' | 'pending' | 'running' | 'finishing' | 'completed' | 'failed' | 'cancelled'
      summary: string
      details: string[]
      evidence: {
        source: 'squeue' | 'sacct' | 'receipt' | 'report' | 'record' | 'worker'
        at: string | null
        line: string
      }[]
      action: string | null
      pending: {
        reason: string | null
        meaning: string
        jobsAhead: number | null
        expectedStart: string | null
        askedAt: string | null
      } | null
    }
  }
}

/** What every route answers that does not do what it was asked for. */
interface Refusal {
  content: { 'application/problem+json': components['schemas']['Problem'] }
}

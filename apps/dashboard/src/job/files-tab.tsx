// What the training left, by name, size and hash.
import type { Job } from '@trotline/contracts'
import { useState } from 'preact/hooks'
import { client, inWords } from '../api/client.ts'
import { save } from '../log-view/download-log.ts'
import { TableBox } from '../shell/table-box.tsx'
import { size } from '../text/figures.ts'

/** A large model over a slow line. */
const DOWNLOAD_LIMIT_MS = 3_600_000

export function FilesTab({ job }: { job: Job }) {
  const [trouble, setTrouble] = useState<string | null>(null)
  const files = job.result?.artifacts ?? []
  if (files.length === 0) return <p class="card faint">Files appear when the training has ended.</p>
  const download = async (path: string): Promise<void> => {
    try {
      const { data } = await client.bytes('/v1/jobs/{id}/artifacts/{path}', {
        path: { id: job.id, path },
        timeoutMs: DOWNLOAD_LIMIT_MS,
      })
      save(new Blob([new Uint8Array(data)]), path)
      setTrouble(null)
    } catch (error) {
      setTrouble(inWords(error))
    }
  }
  return (
    <>
      {trouble !== null && <p role="alert">{trouble}</p>}
      <TableBox label="Files">
        <thead>
          <tr>
            <th scope="col">File</th>
            <th scope="col" class="number">
              Size
            </th>
            <th scope="col">sha256</th>
            <th scope="col">
              <span class="unseen">Download</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {files.map(file => (
            <tr key={file.path}>
              <td class="mono">{file.path}</td>
              <td class="number">{size(file.bytes)}</td>
              <td class="mono">{file.sha256.slice(0, 16)}</td>
              <td>
                <button type="button" onClick={() => void download(file.path)} aria-label={`Download ${file.path}`}>
                  Download
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </TableBox>
    </>
  )
}

// Environments: what there is, and where it is made.
import { useAnswer } from '../api/use-asked.ts'
import { Age } from '../job/age.tsx'
import { Link } from '../router/link.tsx'
import { TableBox } from '../shell/table-box.tsx'
import { TextBox } from '../shell/text-box.tsx'
import { Trouble } from '../shell/trouble.tsx'
import { count } from '../text/figures.ts'
import { MadeOn } from './environment.tsx'
import { Page } from './page.tsx'

export function EnvironmentsPage() {
  const { value, trouble, again } = useAnswer('/v1/environments', {})
  return (
    <Page title="Environments">
      <h1>Environments</h1>
      {trouble !== null && value === null && <Trouble text={trouble} onRetry={again} />}
      {value !== null && value.items.length === 0 && (
        <div class="card">
          <h2>None yet</h2>
          <p>
            An environment is a list of packages, each with its hash, solved for the nodes that it has to run on. It is
            made once on a cluster, looked at before every run, and never changed.
          </p>
          <TextBox>trotline env create spec.yml --name ml --cluster CLUSTER --partition PARTITION</TextBox>
        </div>
      )}
      {value !== null && value.items.length > 0 && (
        <TableBox label="Environments, newest first">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Packages</th>
              <th scope="col">Needs</th>
              <th scope="col">Made on</th>
              <th scope="col">Kept</th>
            </tr>
          </thead>
          <tbody>
            {value.items.map(one => (
              <tr key={one.id}>
                <td>
                  <Link href={`/environments/${one.id}`}>
                    {one.names.length === 0 ? one.id.slice(0, 12) : one.names.join(', ')}
                  </Link>
                  <div class="mono small faint">{one.id.slice(0, 12)}</div>
                </td>
                <td>
                  {count(one.packages)}
                  {one.pipPackages > 0 && ` and ${count(one.pipPackages)} of pip`}
                  <div class="small faint">{one.platform}</div>
                </td>
                <td>{one.requirements.length === 0 ? 'nothing special' : one.requirements.join('; ')}</td>
                <td>
                  <MadeOn on={one.on} />
                </td>
                <td>
                  <Age at={one.createdAt} />
                  <div class="small faint">{one.createdBy}</div>
                </td>
              </tr>
            ))}
          </tbody>
        </TableBox>
      )}
      {value?.nextCursor != null && <p class="small faint">There are older ones: trotline env list shows all.</p>}
    </Page>
  )
}

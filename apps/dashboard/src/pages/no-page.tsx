// An address that is no page of ours.
import { Link } from '../router/link.tsx'
import { Page } from './page.tsx'

export const NoPage = () => (
  <Page title="No such page">
    <h1>There is no such page</h1>
    <p>
      <Link href="/">All jobs</Link>
    </p>
  </Page>
)

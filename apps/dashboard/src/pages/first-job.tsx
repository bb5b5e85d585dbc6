// Before the first job: three ways to one.
import { Link } from '../router/link.tsx'
import { TextBox } from '../shell/text-box.tsx'

const REQUEST =
  '{"name":"auto-mpg","cluster":"CLUSTER","resources":{"partition":"PARTITION"},"training":{"kind":"preset","preset":"auto-mpg","epochs":1000}}'

export function FirstJob() {
  const curl = `curl -H "Authorization: Bearer $TROTLINE_TOKEN" -H "Content-Type: application/json" -d '${REQUEST}' ${location.origin}/v1/jobs`
  return (
    <div class="card">
      <h2>No jobs yet</h2>
      <p>A small network that learns how much fuel a car needs is a good first one: it takes a minute and no GPU.</p>
      <div class="row">
        <Link href="/submit?preset=auto-mpg" class="button">
          Auto MPG, here on the page
        </Link>
      </div>
      <p class="small">From a shell:</p>
      <TextBox>trotline submit deploy/examples/auto-mpg.yaml --follow</TextBox>
      <p class="small">From a program:</p>
      <TextBox>{curl}</TextBox>
    </div>
  )
}

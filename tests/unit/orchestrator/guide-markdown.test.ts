import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inline, renderMarkdown } from '../../../apps/orchestrator/src/http/guide/markdown.ts'

const body = (markdown: string): string => renderMarkdown(`# T\n\n${markdown}`).html.replace(/^<h1.*\n/, '')

test('headings, paragraphs, lists, tables and code become what they look like', () => {
  assert.equal(body('One\nline.\n\nTwo.'), '<p>One line.</p>\n<p>Two.</p>')
  assert.equal(body('## Doing it again'), '<h2 id="doing-it-again">Doing it again</h2>')
  assert.equal(body('- a\n  more\n- b'), '<ul><li>a more</li><li>b</li></ul>')
  assert.equal(body('1. a\n2. b'), '<ol><li>a</li><li>b</li></ol>')
  assert.match(
    body('| a | b |\n| --- | --- |\n| `x` | 1 \\| 2 |'),
    /<th>a<\/th>.*<td><code>x<\/code><\/td><td>1 \| 2<\/td>/,
  )
  assert.equal(body('```sh\na | b\n\n# c\n```'), '<pre tabindex="0"><code>a | b\n\n# c</code></pre>')
})

test('what stands in a page is text: no markup of its own gets through', () => {
  assert.equal(inline('<b onclick="x">'), '&lt;b onclick=&quot;x&quot;&gt;')
  assert.equal(inline('`<script>` **a & b**'), '<code>&lt;script&gt;</code> <strong>a &amp; b</strong>')
  assert.match(body('```\n</code><script>\n```'), /&lt;\/code&gt;&lt;script&gt;/)
})

test('links lead within this server, or the page is refused', () => {
  assert.equal(inline('[x](tour.md#look)'), '<a href="/guide/tour#look">x</a>')
  assert.equal(inline('[x](/docs)'), '<a href="/docs">x</a>')
  for (const to of ['https://example.org', '//example.org', 'javascript:alert(1)', '../x.md']) {
    assert.throws(() => inline(`[x](${to})`), /only pages of this server/)
  }
})

test('a page without a title is a fault of the build', () => {
  assert.throws(() => renderMarkdown('text'), /no heading of the first level/)
})

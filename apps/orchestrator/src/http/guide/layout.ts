// What every page of the guide and the reference shares: head, menu, style. No script, no other host; the colours follow the reader's system.
// The menu stands there twice, beside the text and folded above it: the width shows one of them, and without a script nothing else can
// fold it on a phone and not beside the text.
import { escapeHtml } from './markdown.ts'

export interface Page {
  title: string
  /** For the address bar of the menu: the page that is open. */
  path: string
  html: string
}

export type MenuEntry = readonly [path: string, title: string]

export function layout({ title, path, html }: Page, menu: readonly MenuEntry[]): string {
  const links = menu
    .map(([to, name]) => `<li><a href="${to}"${to === path ? ' aria-current="page"' : ''}>${escapeHtml(name)}</a></li>`)
    .join('')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)} · Trotline</title>
<link rel="stylesheet" href="/guide/style.css">
</head>
<body>
<a class="skip" href="#main">To the text</a>
<header><nav aria-label="Trotline"><a class="home" href="/">Trotline</a> <a href="/guide">Guide</a> <a href="/docs">API</a></nav></header>
<div class="page">
<nav class="menu" aria-label="Pages"><ul class="beside">${links}</ul><details class="above"><summary>Pages: ${escapeHtml(title)}</summary><ul>${links}</ul></details></nav>
<main id="main">
${html}
</main>
</div>
</body>
</html>
`
}

/** Contrast of text on its ground: at least 7 : 1 (light 15.8, dark 13.9; links 6.6 and 8.6). */
export const STYLE = `:root { color-scheme: light dark; --ground: #fff; --text: #1f2328; --quiet: #57606a; --line: #d0d7de; --box: #f6f8fa; --link: #0b5fa5; }
@media (prefers-color-scheme: dark) { :root { --ground: #0f1419; --text: #e6e9ed; --quiet: #9da7b3; --line: #30363d; --box: #161c23; --link: #6cb6ff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.6 system-ui, sans-serif; overflow-wrap: break-word; }
a { color: var(--link); }
a:focus-visible, pre:focus-visible, .wide:focus-visible, summary:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 8px; top: 8px; background: var(--ground); padding: 8px; }
header { border-bottom: 1px solid var(--line); padding: 8px 16px; }
header a { display: inline-block; min-height: 24px; margin-right: 16px; }
.home { font-weight: 600; }
.page { display: grid; grid-template-columns: 15rem minmax(0, 1fr); gap: 32px; max-width: 72rem; margin: 0 auto; padding: 16px; }
.menu ul { list-style: none; margin: 0; padding: 8px 0; }
.menu li a { display: block; padding: 4px 0; }
.menu a[aria-current] { font-weight: 600; color: var(--text); }
main { max-width: 46rem; }
h1 { font-size: 1.75rem; line-height: 1.25; margin: 8px 0 16px; }
h2 { margin-top: 2em; border-bottom: 1px solid var(--line); padding-bottom: 4px; }
code { font: 0.875em/1.5 ui-monospace, monospace; background: var(--box); padding: 2px 4px; border-radius: 4px; }
pre { background: var(--box); border: 1px solid var(--line); border-radius: 6px; padding: 12px; overflow-x: auto; }
pre code { background: none; padding: 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.875rem; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--line); padding: 6px 12px 6px 0; text-align: left; vertical-align: top; }
.quiet { color: var(--quiet); }
.method { font: 600 0.875em ui-monospace, monospace; }
details { margin: 8px 0; }
summary { cursor: pointer; min-height: 24px; }
.menu .above { display: none; }
@media (max-width: 50rem) { .page { display: block; } .menu .beside { display: none; } .menu .above { display: block; } }
@media print { header, .menu { display: none; } .page { display: block; } }
`

// One verdict whole: the word, the sentence, the gates, and what would run instead.
import type { CompatibilityReport } from '@trotline/contracts'
import { Findings, Nearest, VerdictWord } from '../job/verdict.tsx'

export const Report = ({ report, title }: { report: CompatibilityReport; title?: string }) => (
  <>
    <p class="verdict" role="status">
      {title !== undefined && <span>{title}</span>}
      <VerdictWord verdict={report.verdict} />
    </p>
    <p>{report.detail}</p>
    <Findings findings={report.findings} />
    <Nearest nearest={report.nearest} />
  </>
)

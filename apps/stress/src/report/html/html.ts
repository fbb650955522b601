import type { Report } from '../report.ts'

export function html(report: Report): string {
  return report.text
}

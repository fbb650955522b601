import { inMacrotask } from '@ipc/explorer/engine'
import type { Search } from '../subjects/search.ts'
import { Survey, type Coverage } from '../subjects/survey.ts'
import { SUBJECTS } from '../subjects/table.ts'
import { exploredFailure } from '../report/explored.ts'
import type { Output } from '../report/output.ts'
import type { ExploredFailure } from '../report/report.ts'
import { UsageError } from '../usage.ts'

export interface Surveyed {
  readonly coverage: readonly Coverage[]
  readonly failures: readonly ExploredFailure[]
}

export interface SurveyAllOptions {
  readonly budgetMs: number
  readonly seed: number
  /** Whether it also goes on when something was found. */
  readonly goesOn: boolean
  /** A program that failed is made smaller for at most this long. */
  readonly shrinkMs?: number
}

const SHRINK_MS = 20_000

/** Explores the catalogues of all these primitives, then random programs while there is time. */
export async function surveyAll(
  names: readonly string[],
  { budgetMs, seed, goesOn, shrinkMs = SHRINK_MS }: SurveyAllOptions,
  output: Output,
): Promise<Surveyed> {
  const deadline = performance.now() + budgetMs
  const tick = (doing: string): void => output.progress.show(() => doing)
  const surveys = names.map((name) => new Survey(name, { seed, shrinkMs, tick }))
  const failures: ExploredFailure[] = []
  const failed = new Set<Survey>()

  const round = async (
    explore: (survey: Survey, until: number) => Search | null,
  ): Promise<void> => {
    for (const [i, survey] of surveys.entries()) {
      if (failed.has(survey)) continue
      const now = performance.now()
      const until = now + (deadline - now) / (surveys.length - i)
      // oxlint-disable-next-line no-await-in-loop -- one after another: each has its share of the time
      const failure = await inMacrotask(() => {
        const found = explore(survey, until)
        return found === null ? null : exploredFailure(found)
      })
      if (failure === null) continue
      failed.add(survey)
      failures.push(failure)
      if (!goesOn) return
    }
  }

  await round((survey, until) => survey.exploreCatalogue(until))
  if (failures.length === 0 || goesOn) {
    await round((survey, until) => survey.exploreRandom(until))
  }
  output.progress.end()
  return { coverage: surveys.map((survey) => survey.coverage), failures }
}

/** Answers with all primitives, if none is named. */
export function primitives(names: readonly string[]): readonly string[] {
  const all = [...SUBJECTS.keys()]
  const unknown = names.find((name) => !SUBJECTS.has(name))
  if (unknown !== undefined) {
    throw new UsageError(`no such primitive: ${unknown} (there are ${all.join(', ')})`)
  }
  return names.length > 0 ? [...new Set(names)] : all
}

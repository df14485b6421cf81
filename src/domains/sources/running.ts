import type { Progress } from './model.ts'

/** A run under way, for people who wait for it. */
export interface RunningRun {
  run: number
  /** ISO. */
  startedAt: string
  progress: Progress | null
  /** Seconds left if it goes on as so far; null while that is unknown. */
  secondsLeft: number | null
}

interface Watched {
  run: number
  started: number
  progress: Progress | null
  stop: AbortController
}

/** The runs under way in this process: how far they are, and a way to stop each. */
export class RunningRuns {
  readonly #runs = new Map<string, Watched>()

  begin(source: string, run: number): { signal: AbortSignal; report(progress: Progress): void } {
    const watched: Watched = { run, started: Date.now(), progress: null, stop: new AbortController() }
    this.#runs.set(source, watched)
    return {
      signal: watched.stop.signal,
      report: (progress) => {
        watched.progress = progress
      },
    }
  }

  end(source: string, run: number): void {
    if (this.#runs.get(source)?.run === run) this.#runs.delete(source)
  }

  of(source: string): RunningRun | undefined {
    const watched = this.#runs.get(source)
    if (!watched) return undefined
    const { run, started, progress } = watched
    const share = progress?.share ?? 0
    // The first percent says little about the rest.
    const secondsLeft = share > 0.01 ? ((Date.now() - started) / 1000) * (1 / share - 1) : null
    return { run, startedAt: new Date(started).toISOString(), progress, secondsLeft }
  }

  stop(source: string, run: number): boolean {
    const watched = this.#runs.get(source)
    if (watched?.run !== run) return false
    watched.stop.abort(new Error('The run was stopped.'))
    return true
  }
}

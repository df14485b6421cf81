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
  source: string
  run: number
  started: number
  progress: Progress | null
  stop: AbortController
}

/** The runs under way in this process: how far they are, and a way to stop each. */
export class RunningRuns {
  readonly #runs = new Map<number, Watched>()

  begin(source: string, run: number): { signal: AbortSignal; report(progress: Progress): void } {
    const watched: Watched = { source, run, started: Date.now(), progress: null, stop: new AbortController() }
    this.#runs.set(run, watched)
    return {
      signal: watched.stop.signal,
      report: (progress) => {
        watched.progress = progress
      },
    }
  }

  end(run: number): void {
    this.#runs.delete(run)
  }

  /** The run of a source: that number, or the one that began first. */
  of(source: string, run?: number): RunningRun | undefined {
    const mine = [...this.#runs.values()].filter((one) => one.source === source && (run ?? one.run) === one.run)
    return mine[0] && shown(mine[0])
  }

  stop(source: string, run: number): boolean {
    const watched = this.#runs.get(run)
    if (watched?.source !== source) return false
    watched.stop.abort(new Error('The run was stopped.'))
    return true
  }
}

function shown({ run, started, progress }: Watched): RunningRun {
  const share = progress?.share ?? 0
  // The first percent says little about the rest.
  const secondsLeft = share > 0.01 ? ((Date.now() - started) / 1000) * (1 / share - 1) : null
  return { run, startedAt: new Date(started).toISOString(), progress, secondsLeft }
}

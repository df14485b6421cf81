import { get, send } from './api.ts'

export const STEPS = ['city', 'source', 'release'] as const
export type Step = (typeof STEPS)[number]

export interface SetupStatus {
  done: Record<Step, boolean>
  dismissed: boolean
}

/** How far the setup is, for the page and the reminder in the frame. Staff only. */
class SetupState {
  status = $state<SetupStatus | null>(null)
  readonly count: number = $derived(this.status ? STEPS.filter((step) => this.status!.done[step]).length : 0)

  async load(): Promise<void> {
    this.status = await get<SetupStatus>('/api/v1/setup')
  }

  async dismiss(dismissed: boolean): Promise<void> {
    this.status = await send<SetupStatus>('PUT', '/api/v1/setup', { dismissed })
  }
}

export const setup = new SetupState()

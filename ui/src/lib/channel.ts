/** Who is told what, as the API has it. */
export interface Channel {
  id: number
  name: string
  kind: 'email' | 'webhook'
  targets: string[]
  events: ('late' | 'broken' | 'implausible')[]
  datasets: string[]
  sources: string[]
  quietFrom: string | null
  quietTo: string | null
  groupMinutes: number
  perHour: number
  active: boolean
}

export const NEW_CHANNEL: Omit<Channel, 'id'> = {
  name: '',
  kind: 'email',
  targets: [],
  events: ['broken', 'late'],
  datasets: [],
  sources: [],
  quietFrom: null,
  quietTo: null,
  groupMinutes: 2,
  perHour: 6,
  active: true,
}

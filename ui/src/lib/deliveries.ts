/** One proof, as `/api/v1/deliveries` gives it. */
export interface Delivery {
  id: number
  receipt: string
  source: { id: string; title: string }
  way: 'webhook' | 'mqtt'
  by: string
  topic: string | null
  firstAt: string
  lastAt: string
  messages: number
  read: number
  accepted: number
  unchanged: number
  corrected: number
  rejected: number
  rejections: Rejection[]
}

export interface Rejection {
  reason: string
  text: string
  advice: string
  count: number
  examples: { row?: number; column?: string; value?: unknown }[]
}

export interface PushSource {
  id: string
  title: string
  dataset: string
  way: 'webhook' | 'mqtt'
  format: string
  topic: string | null
  url: string | null
  example: { contentType: string; body: string; topic: string | null } | null
}

/** In one word: what became of it. */
export function became({ read, accepted, corrected, rejected }: Delivery): 'ok' | 'partly' | 'refused' | 'same' {
  if (rejected > 0) return rejected === read ? 'refused' : 'partly'
  return accepted + corrected > 0 ? 'ok' : 'same'
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** The message as a command to be copied: curl for HTTP, mosquitto_pub for MQTT. */
export function commandOf({ url, example }: PushSource, host: string): string {
  if (!example) return ''
  const { contentType, body, topic } = example
  if (url)
    return [
      `curl -X POST ${quote(url)} \\`,
      `  -H 'Authorization: Bearer IHR_SCHLUESSEL' \\`,
      `  -H 'Content-Type: ${contentType}' \\`,
      `  --data-binary ${quote(body)}`,
    ].join('\n')
  return [
    `mosquitto_pub -h ${host} -q 1 -u lieferung -P IHR_SCHLUESSEL \\`,
    `  -t ${quote(topic ?? '')} \\`,
    `  -m ${quote(body)}`,
  ].join('\n')
}

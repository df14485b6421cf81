import type { AlertEvent, Message, Notice } from './model.ts'

/** Whose messages these are. */
export interface Letterhead {
  city: string
  timeZone: string
  /** Base of links, without a trailing slash. */
  origin: string
}

/** So many are described in one message; the rest is counted. */
const DESCRIBED = 20
const IN_PAYLOAD = 500

const WHAT: Record<AlertEvent, string> = { broken: 'gestört', late: 'verspätet', implausible: 'auffällig' }

/** One message about everything that waits for a channel. */
export function compose(notices: readonly Notice[], head: Letterhead, id: string): Message {
  const groups = grouped(notices)
  const total = groups.reduce((n, { items }) => n + items.length, 0)
  const first = groups[0]!.items[0]!
  const subject =
    total === 1
      ? `${head.city}: ${first.title} – ${groups[0]!.short(first)}`
      : `${head.city}: ${total} Meldungen – ${groups.map(({ items, label }) => `${items.length} ${label}`).join(', ')}`
  const parts = groups.map(({ heading, items }) => {
    const shown = items.slice(0, DESCRIBED).map((notice) => described(notice, head))
    const rest = items.length - shown.length
    const more = rest > 0 ? [`… und ${rest} weitere.`] : []
    return [`${heading} (${items.length})`, ...shown, ...more].join('\n\n')
  })
  const foot = [
    `Alle Quellen: ${head.origin}/verwaltung/quellen`,
    `Wer was erfährt, steht unter ${head.origin}/verwaltung/benachrichtigungen`,
  ].join('\n')
  return {
    subject: line(subject).slice(0, 200),
    body: `${[...parts, `-- \n${foot}`].join('\n\n')}\n`,
    payload: {
      id,
      city: head.city,
      test: false,
      total: notices.length,
      messages: notices.slice(0, IN_PAYLOAD).map((notice) => ({
        kind: notice.kind,
        event: notice.event,
        key: notice.key,
        title: notice.title,
        source: notice.source,
        since: notice.since,
        cause: notice.cause,
        advice: notice.advice,
        url: head.origin + notice.path,
      })),
    },
  }
}

/** A message that only shows that the way works. */
export function testMessage(channel: string, head: Letterhead, id: string): Message {
  return {
    subject: line(`${head.city}: Probe für „${channel}“`),
    body: `Diese Probe kommt von der Datenplattform ${head.city}. Sie brauchen nichts zu tun.\n\nWenn eine Quelle ausfällt, kommt die Nachricht auf demselben Weg.\n\n-- \nWer was erfährt, steht unter ${head.origin}/verwaltung/benachrichtigungen\n`,
    payload: { id, city: head.city, test: true, total: 0, messages: [] },
  }
}

interface Group {
  heading: string
  label: string
  short: (notice: Notice) => string
  items: Notice[]
}

/** Worst first. What began and ended in the meantime is said once. */
function grouped(notices: readonly Notice[]): Group[] {
  const over = new Set(notices.filter(({ kind }) => kind === 'over').map(({ key }) => key))
  const began = new Set(notices.filter(({ kind }) => kind === 'began').map(({ key }) => key))
  const latest = new Map<string, Notice>()
  for (const notice of notices) {
    if (notice.kind !== 'over' && over.has(notice.key)) continue
    latest.set(notice.key, notice)
  }
  const all = [...latest.values()]
  const bad = (event: AlertEvent, heading: string): Group => ({
    heading,
    label: WHAT[event],
    short: ({ kind }) => (kind === 'still' ? `weiterhin ${WHAT[event]}` : WHAT[event]),
    items: all.filter((notice) => notice.kind !== 'over' && notice.event === event),
  })
  const groups: Group[] = [
    bad('broken', 'GESTÖRT'),
    bad('late', 'VERSPÄTET'),
    bad('implausible', 'AUFFÄLLIGE WERTE'),
    {
      heading: 'ZWISCHENDURCH GESTÖRT, JETZT WIEDER IN ORDNUNG',
      label: 'schon vorbei',
      short: () => 'war gestört, ist wieder in Ordnung',
      items: all.filter(({ kind, key }) => kind === 'over' && began.has(key)),
    },
    {
      heading: 'WIEDER IN ORDNUNG',
      label: 'wieder in Ordnung',
      short: () => 'wieder in Ordnung',
      items: all.filter(({ kind, key }) => kind === 'over' && !began.has(key)),
    },
  ]
  return groups.filter(({ items }) => items.length > 0)
}

function described(notice: Notice, head: Letterhead): string {
  const lines = [line(notice.title)]
  if (notice.kind === 'over') lines.push(`Wieder in Ordnung seit ${when(notice.since, head)}.`)
  else {
    lines.push(
      `${notice.kind === 'still' ? 'Immer noch' : 'Ist'} ${WHAT[notice.event]}, seit ${when(notice.since, head)}.`,
    )
    if (notice.cause) lines.push(`Ursache: ${line(notice.cause)}`)
    if (notice.advice) lines.push(`Was tun: ${line(notice.advice)}`)
  }
  lines.push(head.origin + notice.path)
  return lines.join('\n')
}

function when(at: string, { timeZone }: Letterhead): string {
  const format = new Intl.DateTimeFormat('de-DE', {
    timeZone,
    weekday: 'short',
    day: 'numeric',
    month: 'numeric',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  })
  return `${format.format(Date.parse(at)).replace('.,', ',')} Uhr`
}

/** One line: texts come from outside. */
const line = (text: string): string => text.replace(/\s+/g, ' ').trim()

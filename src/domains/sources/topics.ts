/** MQTT topic filters (MQTT 3.1.1 §4.7): `+` is one level, `#` the rest. `$…` topics need to be named. */
export function topicMatches(filter: string, topic: string): boolean {
  const wanted = filter.split('/')
  const levels = topic.split('/')
  if (levels[0]?.startsWith('$') && wanted[0] !== levels[0]) return false
  for (let at = 0; at < wanted.length; at++) {
    if (wanted[at] === '#') return true
    if (at >= levels.length || (wanted[at] !== '+' && wanted[at] !== levels[at])) return false
  }
  return wanted.length === levels.length
}

/** The placeholders of a message: `{topic}`, `{topic.0}`, `{topic.1}` … */
export function topicPlaceholders(topic: string): Map<string, string> {
  const names = new Map([['topic', topic]])
  for (const [index, level] of topic.split('/').entries()) names.set(`topic.${index}`, level)
  return names
}

import { t } from '../pages/Rights.texts.ts'
import { t as words } from '../parts/Roles.texts.ts'
import type { Action, Grant, People, Rights } from './people.ts'
import { lastDayOf, untilText, whereText } from './scopes.ts'

type Known = Pick<People, 'spaces' | 'datasets'>
type Reaching = Grant & { through: { id: number; title: string } | null }

/** Each way by which something is allowed, as sentences that lead from the person to the dataset. */
export function reasons({ account, dataset, reaching, actions }: Rights, action: Action, known: Known): string[][] {
  const found = actions.find((one) => one.action === action)!
  const what = dataset.title
  const chains = found.grants.map((grant) => {
    const lists = reaching.find((one) => one.id === grant.id)?.actions ?? [action]
    const space = grant.on.startsWith('space:') ? known.spaces.find((one) => `space:${one.id}` === grant.on) : null
    return [
      ...holding(account.name, grant, known),
      ...(space ? [t('inSpace', { what, space: space.title })] : []),
      t('allows', { role: words(`role.${grant.role}`), list: listOf(lists) }),
    ]
  })
  if (found.everybody) chains.unshift([t('everybody', { what })])
  else if (action === 'know' && found.allowed && chains.length === 0) chains.push([t('everyAccount', { what })])
  return chains
}

function holding(who: string, grant: Reaching, known: Known): string[] {
  const facts = {
    role: words(`role.${grant.role}`),
    where: whereText(grant.on, known),
    until: untilText(grant.until),
  }
  if (!grant.through) return [t('direct', { who, ...facts })]
  const group = grant.through.title
  return [t('member', { who, group }), t('groupHas', facts)]
}

/** Everything that stands in the way. */
export function obstacles({ account, dataset, reaching }: Rights, action: Action, known: Known): string[] {
  const [who, what] = [account.name, dataset.title]
  const found: string[] = []
  if (account.state !== 'active') found.push(t(account.state))
  if (action === 'know' || action === 'read' || action === 'use') {
    if (dataset.state !== 'released') found.push(t('notPublic', { what, state: t(`state.${dataset.state}`) }))
    else if (dataset.held) found.push(t('held', { what }))
    else if (dataset.audience === 'restricted') found.push(t('restricted', { what }))
  }
  const near = reaching.filter((one) => one.ended || !one.actions.includes(action))
  for (const one of near) {
    const facts = { role: words(`role.${one.role}`), where: whereText(one.on, known) }
    if (one.ended) found.push(t('over', { ...facts, date: lastDayOf(one.until!) }))
    else if (one.actions.length > 0) found.push(t('tooLittle', { ...facts, list: listOf(one.actions) }))
    else if (dataset.state === 'withdrawn') found.push(t('nothingMore', { ...facts, what }))
    else found.push(t('nothingYet', { ...facts, what }))
  }
  if (reaching.length === 0) found.push(t('noRole', { who, what }))
  return found
}

const listOf = (actions: readonly (Action | 'administer')[]): string =>
  actions.map((one) => t(`action.${one}`)).join(', ')

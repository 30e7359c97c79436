import type { PrefixStateName, RouteClass } from '../../engine/types.ts'
import type { SessionStateName } from '../../session/types.ts'
import { classLooks, type Look, prefixLooks, sessionLooks } from '../logic/states.ts'
import { Icon } from './icon.tsx'

/** A state: its shape, its name, its colour. */
export function Badge({ look, text }: { look: Look; text: string }) {
  return (
    <span class="badge" data-tone={look.tone}>
      <Icon shape={look.shape} />
      {text}
    </span>
  )
}

export function PrefixBadge({ state }: { state: PrefixStateName | null }) {
  return <Badge look={prefixLooks[state ?? 'None']} text={state ?? 'not registered'} />
}

export function SessionBadge({
  state,
  shutdown = false,
}: {
  state: SessionStateName
  shutdown?: boolean
}) {
  if (shutdown) return <Badge look={{ tone: 'idle', shape: 'slash' }} text="Shut down" />
  return <Badge look={sessionLooks[state]} text={state} />
}

export function ClassBadge({ name }: { name: RouteClass }) {
  return <Badge look={classLooks[name]} text={name} />
}

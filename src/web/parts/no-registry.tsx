import type { ApiFailure } from '../data/api.ts'
import { Empty, Failure } from './card.tsx'

/** Says why resources cannot be read; that a daemon has no registry is no failure. */
export function RegistryFailure({ failure }: { failure: ApiFailure | undefined }) {
  if (failure?.status !== 503) return <Failure failure={failure} />
  return (
    <Empty>
      This daemon has no registry of peerings: its configuration has no <code>storage.path</code>.
    </Empty>
  )
}

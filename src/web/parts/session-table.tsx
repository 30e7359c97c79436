import type { ComponentChildren } from 'preact'
import { sessionTextLook } from '../logic/states.ts'
import { Badge } from './badge.tsx'
import { Sideways } from './card.tsx'
import { To } from './text.tsx'

export interface SessionRow {
  readonly name: string
  /** What the row is called, if not by the session's name. */
  readonly title?: string
  /** Of BGP, or what it waits for; PendingAdd has no view of its own yet. */
  readonly state: Parameters<typeof sessionTextLook>[0]
  readonly peerAddress: string
  readonly localAddress: string | null
  readonly last: ComponentChildren
}

/** The sessions of a resource: what BGP says, between whom, and one thing more. */
export function SessionTable(table: {
  readonly label: string
  readonly first: string
  readonly last: string
  readonly rows: readonly SessionRow[]
}) {
  return (
    <Sideways label={table.label}>
      <table class="sessions-of">
        <thead>
          <tr>
            <th scope="col">{table.first}</th>
            <th scope="col">BGP</th>
            <th scope="col">Peer</th>
            <th scope="col">Ours</th>
            <th scope="col">{table.last}</th>
          </tr>
        </thead>
        <tbody>
          {table.rows.map(({ name, title = name, state, peerAddress, localAddress, last }) => (
            <tr key={name}>
              <th scope="row">
                {state === 'PendingAdd' ? (
                  title
                ) : (
                  <To view="sessions" name={name}>
                    {title}
                  </To>
                )}
              </th>
              <td>
                <Badge look={sessionTextLook(state)} text={state} />
              </td>
              <td class="code">{peerAddress}</td>
              <td class="code">{localAddress ?? 'any'}</td>
              <td>{last}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Sideways>
  )
}

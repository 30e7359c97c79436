import { useState } from 'preact/hooks'
import type { PrefixJson } from '../../api/prefix-schemas.ts'
import { type Cell, type CellState, checks, matrixOf } from '../logic/matrix.ts'
import type { Look } from '../logic/states.ts'
import { Sideways } from './card.tsx'
import { Icon } from './icon.tsx'
import { To } from './text.tsx'

const looks: Readonly<Record<CellState, Look>> = {
  ok: { tone: 'good', shape: 'check' },
  error: { tone: 'bad', shape: 'cross' },
  warning: { tone: 'warn', shape: 'triangle' },
  off: { tone: 'idle', shape: 'slash' },
  unknown: { tone: 'idle', shape: 'dash' },
}

const SHOWN = 25

function MatrixCell({
  cell,
  title,
  onOpen,
}: {
  cell: Cell
  title: string
  onOpen: (place: number) => void
}) {
  const look = looks[cell.state]
  const words = <span class="hidden">{cell.text}</span>
  return (
    <td data-tone={look.tone} title={`${title}: ${cell.text}`}>
      {cell.finding < 0 ? (
        <>
          <Icon shape={look.shape} />
          {words}
        </>
      ) : (
        <button type="button" class="plain" onClick={() => onOpen(cell.finding)}>
          <Icon shape={look.shape} />
          {words}
        </button>
      )}
    </td>
  )
}

/**
 * Session by check. What failed is a button that leads to its finding.
 * @param onOpen given the place of the finding in `prefix.findings`
 */
export function Matrix({
  prefix,
  onOpen,
}: {
  prefix: PrefixJson
  onOpen: (place: number) => void
}) {
  const [all, setAll] = useState(false)
  const rows = matrixOf(prefix)
  const shown = all ? rows : rows.slice(0, SHOWN)
  return (
    <>
      <Sideways label="Checks by session">
        <table class="matrix">
          <caption class="hidden">For each expected session, what each check says</caption>
          <thead>
            <tr>
              <th scope="col">Session</th>
              {checks.map(({ title }) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <tr key={row.session}>
                <th scope="row">
                  <To view="sessions" name={row.session}>
                    {row.session}
                  </To>
                </th>
                {row.cells.map((cell, i) => (
                  <MatrixCell
                    key={checks[i]?.title}
                    cell={cell}
                    title={checks[i]?.title ?? ''}
                    onOpen={onOpen}
                  />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Sideways>
      {shown.length < rows.length ? (
        <button type="button" onClick={() => setAll(true)}>
          Show all {rows.length} sessions
        </button>
      ) : null}
      <ul class="key" aria-label="Key">
        {(
          [
            ['ok', 'passed'],
            ['error', 'error'],
            ['warning', 'warning'],
            ['off', 'not checked by policy'],
            ['unknown', 'nothing to check'],
          ] as const
        ).map(([state, words]) => (
          <li key={state} data-tone={looks[state].tone}>
            <Icon shape={looks[state].shape} /> {words}
          </li>
        ))}
      </ul>
    </>
  )
}

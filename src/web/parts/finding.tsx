import { useState } from 'preact/hooks'
import type { FindingJson } from '../../api/prefix-schemas.ts'
import { evidencePairs } from '../../api/verdict-words.ts'
import { severityLooks } from '../logic/states.ts'
import { Icon } from './icon.tsx'
import { Ago, ReasonLink, To } from './text.tsx'

/** A finding of a prefix, of what an announcement would get, or of what a session announces. */
type Told = Pick<FindingJson, 'severity' | 'message' | 'action' | 'evidence'> & {
  readonly reason: string
  readonly session?: string | null
  readonly since?: string
}

/** One finding: its sentence, what to do, what it was seen on. */
export function Finding({ finding, id }: { finding: Told; id?: string }) {
  const { reason, severity, session, message, action, since } = finding
  const look = severityLooks[severity]
  const evidence = evidencePairs(finding.evidence)
  return (
    <article
      class="finding"
      data-tone={look.tone}
      tabIndex={id === undefined ? undefined : -1}
      id={id}
    >
      <header>
        <Icon shape={look.shape} />
        <span class="severity">{severity}</span>
        <ReasonLink reason={reason} />
        {session ? (
          <span>
            on{' '}
            <To view="sessions" name={session}>
              {session}
            </To>
          </span>
        ) : null}
        {since === undefined ? null : (
          <span class="faint">
            for <Ago time={since} />
          </span>
        )}
      </header>
      <p class="message">{message}</p>
      <p class="action">
        <strong>Do:</strong> {action}
      </p>
      {evidence.length === 0 ? null : (
        <dl class="evidence" aria-label="Evidence, as received">
          {evidence.map(([label, value]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </article>
  )
}

const SHOWN = 10

/** Findings, the first ten until somebody wants all. */
export function Findings({
  findings,
  idOf,
}: {
  findings: readonly Told[]
  idOf?: (place: number) => string
}) {
  const [all, setAll] = useState(false)
  const shown = all ? findings : findings.slice(0, SHOWN)
  return (
    <>
      {shown.map((finding, place) => (
        <Finding
          key={`${finding.reason} ${finding.session}`}
          finding={finding}
          {...(idOf && { id: idOf(place) })}
        />
      ))}
      {shown.length < findings.length ? (
        <button type="button" onClick={() => setAll(true)}>
          Show all {findings.length} findings
        </button>
      ) : null}
    </>
  )
}

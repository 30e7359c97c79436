import { useEffect, useId, useState } from 'preact/hooks'
import type { ExplanationJson } from '../../api/prefix-schemas.ts'
import { policyText } from '../../api/verdict-words.ts'
import { ApiFailure, explain } from '../data/api.ts'
import { go } from '../data/place.ts'
import type { Query } from '../logic/route.ts'
import { ClassBadge, PrefixBadge } from '../parts/badge.tsx'
import { Card, Empty, Failure } from '../parts/card.tsx'
import { Findings } from '../parts/finding.tsx'
import { Facts, To } from '../parts/text.tsx'
import { Title } from '../parts/title.tsx'

const fields = [
  { name: 'prefix', label: 'Prefix', hint: 'Such as 198.51.100.0/24', required: true },
  {
    name: 'asPath',
    label: 'AS path',
    hint: 'The neighbour first: 64501 64510, an AS_SET in braces',
  },
  {
    name: 'communities',
    label: 'Communities',
    hint: 'Such as 8075:8007 64500:1:2, blanks between',
  },
] as const

function communitiesIn(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean)
}

/** What is wrong with a field: `communities.1` counts for `communities`. */
function mistakeIn(failure: ApiFailure | undefined, name: string): string | undefined {
  for (const [path, message] of failure?.fields ?? []) {
    if (path === name || path.startsWith(`${name}.`)) return message
  }
  return undefined
}

function Answer({ answer }: { answer: ExplanationJson }) {
  const { registration, findings, policy, state } = answer
  return (
    <Card title="It would be" aside={<PrefixBadge state={state} />}>
      <Facts
        rows={[
          ['Announcement', <span class="code">{answer.prefix}</span>],
          ['Class', <ClassBadge name={answer.class} />],
          [
            'Judged as',
            registration === null ? (
              'no registered prefix covers it'
            ) : (
              <To view="prefixes" name={registration.name}>
                {registration.name} <span class="code">{registration.prefix}</span>
              </To>
            ),
          ],
          ['Policy', policyText(policy)],
        ]}
      />
      {findings.length === 0 ? (
        <Empty>Nothing is wrong with it.</Empty>
      ) : (
        <Findings findings={findings} />
      )}
    </Card>
  )
}

/** Asks for what the address of the page says. */
function useAnswer(query: Query) {
  const [answer, setAnswer] = useState<ExplanationJson>()
  const [failure, setFailure] = useState<ApiFailure>()
  const { prefix, asPath = '', communities = '' } = query
  useEffect(() => {
    if (!prefix) return
    let current = true
    explain({ prefix, asPath, communities: communitiesIn(communities) }).then(
      (next) => {
        if (!current) return
        setAnswer(next)
        setFailure(undefined)
      },
      (error: unknown) => {
        if (!current) return
        setAnswer(undefined)
        setFailure(error instanceof ApiFailure ? error : new ApiFailure(String(error), 0))
      },
    )
    return () => {
      current = false
    }
  }, [prefix, asPath, communities])
  return { answer, failure }
}

export function Explain({ query }: { query: Query }) {
  const [form, setForm] = useState<Query>(query)
  const { answer, failure } = useAnswer(query)
  const id = useId()
  useEffect(() => setForm(query), [JSON.stringify(query)])
  const submit = (event: Event) => {
    event.preventDefault()
    go('explain', undefined, form)
  }
  const misplaced = failure !== undefined && !fields.some(({ name }) => mistakeIn(failure, name))
  return (
    <>
      <Title text="What if" />
      <p class="lead">
        The verdict that an announcement would get, if every expected session carried it.
      </p>
      <Card title="Announcement">
        <form class="explain" onSubmit={submit} aria-label="Announcement">
          {fields.map(({ name, label, hint, ...rest }) => {
            const mistake = mistakeIn(failure, name)
            return (
              <div key={name} class="field">
                <label for={`${id}-${name}`}>{label}</label>
                <input
                  id={`${id}-${name}`}
                  name={name}
                  type="text"
                  class="code"
                  spellcheck={false}
                  autocomplete="off"
                  required={'required' in rest}
                  value={form[name] ?? ''}
                  aria-invalid={mistake !== undefined}
                  aria-describedby={`${id}-${name}-hint`}
                  onInput={(event) => setForm({ ...form, [name]: event.currentTarget.value })}
                />
                <p id={`${id}-${name}-hint`} class={mistake === undefined ? 'faint' : 'failure'}>
                  {mistake ?? hint}
                </p>
              </div>
            )
          })}
          <button type="submit" class="primary">
            Judge it
          </button>
        </form>
      </Card>
      {misplaced ? <Failure failure={failure} /> : null}
      <div aria-live="polite">{answer === undefined ? null : <Answer answer={answer} />}</div>
    </>
  )
}

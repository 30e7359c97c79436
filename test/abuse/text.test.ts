/** What a peer writes is shown to people: in the log, the API and the metrics; secrets are not. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { notificationMessage } from '../support/scripted-peer.ts'
import { endOfRib, establish } from './support/hostile.ts'
import { HOSTILE, startTarget, type Target } from './support/target.ts'

const TOKEN = 'another-token-that-nobody-may-read-012345'

describe.runIf(process.platform === 'linux')('text of others', () => {
  let target: Target
  beforeAll(async () => {
    target = await startTarget({
      http: `, tokens: [${TOKEN}]`,
      hostile: String.raw`, description: 'a "quoted" \ back\slash <b>&amp;</b>'`,
    })
  })
  afterAll(async () => expect(await target.close()).toBe(0))

  test('a shutdown communication full of control characters (RFC 9003)', async () => {
    const { peer } = await establish(target.bgpPort)
    peer.send(endOfRib)
    await target.until('Established', async () => (await target.session(HOSTILE.session)).up)
    const evil = '\x1b[31mred\x07\x00\r\n{"level":"error"}\u202egnp\u2028\u009b2J</script>é'
    const octets = [...Buffer.from(evil, 'utf8')]
    peer.send(notificationMessage(6, 2, [octets.length, ...octets]))
    await target.until('down', async () => !(await target.session(HOSTILE.session)).up)
    const shown = '[31mred {"level":"error"}gnp2J</script>é'
    const session = await target.session(HOSTILE.session)
    expect(session.lastNotification?.communication).toBe(shown)
    expect(session.lastError).toBe(`the peer sent Cease / Administrative Shutdown: "${shown}"`)
    const lines = target.log().trimEnd().split('\n')
    const said = lines.map((line) => JSON.parse(line) as { msg: string; level: string })
    const [told] = said.filter(({ msg }) => msg.includes('[31mred'))
    expect(told?.level).toBe('warn')
    expect(told?.msg).toContain(`Administrative Shutdown: "${shown}"`)
    const events = await target.text('/api/v1/events')
    const metrics = await target.text('/metrics')
    for (const text of [target.log(), events, metrics]) {
      expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e]/u)
      // Nor as an escape, which a program would turn back.
      expect(text).not.toMatch(/\\u00(0[0-9a-f]|1[0-9a-f]|7f|9b)|\\u202e/)
    }
    await target.expectUnharmed()
  })

  test('a description is escaped in labels', async () => {
    expect(await target.text('/metrics')).toContain(
      String.raw`description="a \"quoted\" \\ back\\slash <b>&amp;</b>"`,
    )
  })

  test('a token is said nowhere, right or wrong', async () => {
    for (const token of [TOKEN, `${TOKEN}x`, 'wrong-token-0123456789']) {
      await fetch(`${target.url}/api/v1/sessions?token=${token}`, {
        headers: { authorization: `Bearer ${token}` },
      })
      await fetch(`${target.url}/api/v1/nowhere`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: '{',
      })
    }
    const said = [
      target.log(),
      await target.text('/metrics'),
      await target.text('/api/v1/sessions'),
      await target.text('/api/v1/policy'),
      await target.text('/openapi.json'),
    ].join('\n')
    expect(said).not.toContain('nobody-may-read')
    expect(said).not.toContain('wrong-token')
  })
})

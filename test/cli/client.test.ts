/** Client commands against a stub of the daemon's HTTP server. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { runProgram } from '../../src/cli/program.ts'
import { createScreen } from '../support/screen.ts'
import {
  downSession,
  events,
  failedPrefix,
  policy,
  route,
  type StubServer,
  sendJson,
  startStub,
  upSession,
  verifiedPrefix,
} from './fixtures.ts'

let server: StubServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** Runs one command line against a stub. */
async function run(line: string, answer: Answer) {
  server = await startStub(answer)
  const screen = createScreen()
  const code = await runProgram([...line.split(' ')], screen, { BGPWARDEN_API: server.url })
  return { code, output: screen.output(), errors: screen.errors(), requests: server.requests }
}

const gives =
  (value: unknown, status = 200): Answer =>
  (_request, response) =>
    sendJson(response, value, status)

describe('prefix', () => {
  test('list asks for what matches and prints a table', async () => {
    const result = await run(
      'prefix list --state failed --reason missing-community --search contoso',
      gives({ items: [failedPrefix], cursor: null }),
    )
    expect(result.code).toBe(0)
    expect(result.requests).toEqual([
      'GET /api/v1/prefixes?state=Failed&reason=missing-community&search=contoso&limit=1000',
    ])
    expect(result.output).toMatch(/^NAME {2}PREFIX.*\nweb {3}198\.51\.100\.0\/24 {2}Failed/)
  })

  test('list follows the cursor to the end', async () => {
    const result = await run('prefix list --json', (request, response) => {
      const second = request.url?.includes('cursor=next')
      sendJson(
        response,
        second
          ? { items: [verifiedPrefix], cursor: null }
          : { items: [failedPrefix], cursor: 'next' },
      )
    })
    expect(JSON.parse(result.output)).toEqual([failedPrefix, verifiedPrefix])
    expect(result.requests).toHaveLength(2)
  })

  test('an empty list says so on stderr', async () => {
    const result = await run('prefix list', gives({ items: [], cursor: null }))
    expect(result).toMatchObject({ code: 0, output: '', errors: 'No registered prefix matches.\n' })
  })

  test('show exits 1 when the prefix fails, 0 when it is verified', async () => {
    const failed = await run('prefix show web', gives(failedPrefix))
    expect(failed.output).toContain('/docs/findings/missing-community\n')
    expect(failed.output).toMatch(
      /\n {2}how: http:\/\/127\.0\.0\.1:\d+\/docs\/findings\/private-asn\n/,
    )
    expect(failed.code).toBe(1)
    expect(failed.output).toContain('error missing-community on edge-a')
    await server?.close()
    expect((await run('prefix show web-v6', gives(verifiedPrefix))).code).toBe(0)
  })

  test('validate posts, and a name is one path segment', async () => {
    const result = await run('prefix validate a/b?c --json', gives(failedPrefix))
    expect(result.code).toBe(1)
    expect(result.requests).toEqual(['POST /api/v1/prefixes/a%2Fb%3Fc/validate'])
    expect(JSON.parse(result.output)).toEqual(failedPrefix)
  })

  test('an unknown state is a mistake of the user', async () => {
    const result = await run('prefix list --state broken', gives({}))
    expect(result.code).toBe(2)
    expect(result.errors).toBe(
      'error: "broken" is not a state, expected None, Pending, Verified, Warning, Failed, Invalid\n',
    )
  })
})

describe('session commands', () => {
  test.for<[line: string, path: string, says: string]>([
    ['session shutdown edge-b', 'shutdown', 'Shut down; session edge-b is Active.\n'],
    ['session start edge-b', 'start', 'Started; session edge-b is Active.\n'],
  ])('%s', async ([line, path, says]) => {
    const result = await run(line, gives({ ...downSession, name: 'edge-b', state: 'Active' }))
    expect(result).toMatchObject({ code: 0, output: says, errors: '' })
    expect(result.requests).toEqual([`POST /api/v1/sessions/edge-b/${path}`])
  })

  test.for<[string, unknown, string]>([
    ['session clear edge-a', ['ipv4', 'ipv6'], 'Asked the peer to send ipv4 and ipv6 again'],
    ['session clear edge-a --hard', [], 'Reset'],
  ])('%s', async ([line, families, says]) => {
    const mode = line.includes('hard') ? 'hard' : 'soft'
    const result = await run(line, gives({ mode, families, session: upSession }))
    expect(result.output).toBe(`${says}; session edge-a is Established.\n`)
    expect(result.requests).toEqual(['POST /api/v1/sessions/edge-a/clear'])
  })
})

describe('session and route', () => {
  test('session list', async () => {
    const result = await run(
      'session list',
      gives({ items: [upSession, downSession], cursor: null }),
    )
    expect(result.code).toBe(0)
    expect(result.output.split('\n').map((line) => line.split(/ +/)[0])).toEqual([
      'NAME',
      'edge-a',
      'edge-b',
      '',
    ])
  })

  test('what a peer sent cannot write to the terminal', async () => {
    const result = await run('session show edge-b', gives(downSession))
    expect(result.output).toContain('"back at five"')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: their absence is the point
    expect(result.output).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/)
  })

  test('route list hands the look-up on, stops at the limit and says that there is more', async () => {
    const result = await run(
      'route list edge-a --prefix 198.51.100.0/24 --match covered --limit 1',
      gives({ items: [route], cursor: 'more' }),
    )
    expect(result.code).toBe(0)
    expect(result.requests).toEqual([
      'GET /api/v1/sessions/edge-a/routes?prefix=198.51.100.0%2F24&match=covered&limit=1',
    ])
    expect(result.output).toContain('64501 64502 64503')
    expect(result.errors).toBe(
      'There are more than 1 routes: narrow with --prefix, or raise --limit.\n',
    )
  })
})

describe('event', () => {
  test('list without a beginning takes the newest page only', async () => {
    const result = await run(
      'event list --kind prefix',
      gives({ items: events, cursor: 'more', lastId: 4 }),
    )
    expect(result.requests).toEqual(['GET /api/v1/events?kind=prefix'])
    expect(result.output.split('\n')).toHaveLength(5)
  })

  test('a time that is none', async () => {
    const result = await run('event list --since yesterday', gives({}))
    expect(result.code).toBe(2)
    expect(result.errors).toContain('--since yesterday: expected an age (15m, 2h, 3d)')
  })
})

describe('explain', () => {
  const explanation = {
    prefix: '198.51.100.0/24',
    class: 'failed',
    registration: { name: 'web', prefix: '198.51.100.0/24' },
    state: 'Failed',
    findings: failedPrefix.findings.slice(0, 1).map(({ since: _s, session: _n, ...rest }) => rest),
    policy,
  }

  test('asks the daemon and exits 1 when the answer is no', async () => {
    server = await startStub((request, response) => {
      let body = ''
      request.on('data', (chunk) => {
        body += chunk
      })
      request.on('end', () => {
        expect(JSON.parse(body)).toEqual({
          prefix: '198.51.100.0/24',
          asPath: '64501 64502',
          communities: ['64501:1', '64501:2:3'],
        })
        sendJson(response, explanation)
      })
    })
    const screen = createScreen()
    const args = ['explain', '198.51.100.0/24', '--as-path', '64501 64502']
    const more = ['--community', '64501:1', '--community', '64501:2:3', '--api', server.url]
    expect(await runProgram([...args, ...more], screen, {})).toBe(1)
    expect(screen.output()).toContain('error missing-community')
  })
})

describe('what goes wrong', () => {
  test('no daemon: one sentence with the URL and what to do, exit 2', async () => {
    server = await startStub(gives({}))
    const { url } = server
    await server.close()
    const screen = createScreen()
    expect(await runProgram(['session', 'list', '--api', url], screen, {})).toBe(2)
    expect(screen.errors()).toBe(
      `error: no daemon answers at ${url} (connection refused). Start one with "bgpwarden run -c FILE", or name another with --api URL or BGPWARDEN_API.\n`,
    )
  })

  test('problem details become a sentence, with every mistake', async () => {
    const problem = {
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      detail: 'There is no prefix named "wbe".\u001b[2J',
      instance: '/api/v1/prefixes/wbe',
      errors: [{ path: 'name', message: 'is unknown' }],
    }
    const result = await run('prefix show wbe', gives(problem, 404))
    expect(result.code).toBe(2)
    expect(result.errors).toBe('error: There is no prefix named "wbe".\n  name: is unknown\n')
  })

  test.for([200, 502])('a server that is not ours, status %d', async (status) => {
    const result = await run('prefix list', (_request, response) => {
      response.writeHead(status, { 'content-type': 'text/html' }).end('<html>hello')
    })
    expect(result.code).toBe(2)
    expect(result.errors).toContain('is it the API of bgpwarden?')
  })

  test('an answer of another shape is no crash', async () => {
    const result = await run('prefix list', gives({ hello: 'world' }))
    expect(result.code).toBe(2)
    expect(result.errors).toContain('is it the API of bgpwarden?')
  })

  test.for(['example.com', 'ftp://example.com', ''])('--api %j is no URL', async (api) => {
    const screen = createScreen()
    expect(await runProgram(['session', 'list', `--api=${api}`], screen, {})).toBe(2)
    expect(screen.errors()).toContain('is not a URL')
  })
})

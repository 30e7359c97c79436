/** The commands, their options, and which file does each; a command's code is loaded when it runs. */
import { Argument, Command, CommanderError, InvalidArgumentError } from 'commander'
import type { Kind } from '../peering/kind.ts'
import { version } from '../version.ts'
import { compileLater } from './compilation.ts'
import { Exit, reportFailure } from './failure.ts'
import { keepYoungGenerationSmall } from './heap-size.ts'
import { positive } from './numbers.ts'
import { type Actions, type AddKinds, addRegistryCommands } from './registry-commands.ts'
import type { Terminal } from './terminal.ts'

/** Where a client command looks for the daemon when nobody says otherwise. */
export const DEFAULT_API = 'http://127.0.0.1:9179'

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}

function asNumber(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0
  if (value < 1 || value > 4_294_967_295) {
    throw new InvalidArgumentError('Expected an AS number, 1 to 4294967295.')
  }
  return value
}

function port(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : -1
  if (value < 0 || value > 65535) throw new InvalidArgumentError('Expected a port, 0 to 65535.')
  return value
}

/**
 * Builds the command line.
 * @param env `BGPWARDEN_API` is the default of `--api`
 * @param finish takes the exit code of the command that ran
 * @param addKinds adds a group of commands for each of `kinds`, the registry's
 */
export function buildProgram(
  terminal: Terminal,
  env: NodeJS.ProcessEnv,
  finish: (code: number) => void,
  addKinds: AddKinds = () => {},
  kinds: readonly Kind[] = [],
): Command {
  const program = new Command('bgpwarden')
    .description('Routers peer with it, and it says what is wrong with each registered prefix.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'explain the command')
    .helpCommand(false)
    .showHelpAfterError('(--help lists the commands)')
    .configureOutput({
      writeOut: (text) => terminal.write(text),
      writeErr: (text) => terminal.error(text),
      getOutHelpWidth: () => terminal.columns,
      getErrHelpWidth: () => terminal.columns,
    })
    .exitOverride()

  /**
   * A leaf command; `example` stands at the end of its help. `isDefault`: the group's name alone means it.
   */
  const command = (
    parent: Command,
    usage: string,
    does: string,
    example: string,
    isDefault = false,
  ): Command =>
    parent
      .command(usage, { isDefault })
      .description(does)
      .addHelpText('after', `\nExample:\n  ${example}`)
      .showHelpAfterError('(--help explains the command)')
  /** A command that asks a running daemon. */
  const asking = (...[parent, usage, does, example, isDefault]: Parameters<typeof command>) =>
    command(parent, usage, does, example, isDefault)
      .option(
        '--api <url>',
        'where the daemon listens (or BGPWARDEN_API)',
        env['BGPWARDEN_API'] || DEFAULT_API,
      )
      .option('--token-file <file>', 'holds the token (or BGPWARDEN_TOKEN has it)')
  const client = (...given: Parameters<typeof command>) =>
    asking(...given).option('--json', 'print JSON, for programs')
  const group = (name: string, does: string): Command =>
    program.command(name).description(does).helpCommand(false)

  command(program, 'run', 'run the daemon', 'bgpwarden run -c bgpwarden.yaml')
    .requiredOption('-c, --config <file>', 'the configuration (YAML)')
    .action(async ({ config }) => {
      // Before anything large is loaded.
      keepYoungGenerationSmall()
      compileLater()
      finish(await (await import('./run.ts')).run(config, terminal))
    })

  command(program, 'check', 'judge a configuration', 'bgpwarden check -c bgpwarden.yaml')
    .requiredOption('-c, --config <file>', 'the configuration (YAML)')
    .option('--json', 'print JSON, for programs')
    .action(async ({ config, json }) =>
      finish(await (await import('./check.ts')).check(config, { json: json === true }, terminal)),
    )

  command(
    program,
    'replay <files...>',
    'judge captures (pcap, pcapng, MRT) offline',
    'bgpwarden replay monday.pcap -c bgpwarden.yaml',
  )
    .option('-c, --config <file>', 'registered prefixes and policy to judge by')
    .option('--json', 'print JSON, for programs')
    .action(async (files, options) =>
      finish(await (await import('./replay.ts')).replay(files, options, terminal)),
    )

  command(
    program,
    'speak [scenario]',
    'be a test router: announce a scenario (YAML) or the UPDATEs of a capture',
    'bgpwarden speak examples/lab/edge-a.yaml',
  )
    .option('--capture <file>', 'announce the UPDATEs of this pcap, pcapng or MRT file')
    .option('--from <address>', 'only what this address sent in the capture')
    .option('--to <address:port>', 'the peer, where there is no scenario')
    .option('--local-asn <asn>', 'our AS number, where there is no scenario', asNumber)
    .option('--remote-asn <asn>', "the peer's AS number, where there is no scenario", asNumber)
    .option('--router-id <id>', 'our BGP identifier, where there is no scenario', '192.0.2.1')
    .option('--once', 'end when every step is done, instead of holding the session')
    .action(async (scenario, options) =>
      finish(await (await import('./speak.ts')).speak(scenario, options, terminal)),
    )

  command(
    program,
    'lab',
    'run a daemon with three test routers, to look around',
    'bgpwarden lab --bgp-port 11790 --http-port 19179',
  )
    .option('--bgp-port <port>', 'listen for BGP here instead of 1790', port)
    .option('--http-port <port>', 'listen for HTTP here instead of 9179', port)
    .action(async (options) => finish(await (await import('./lab.ts')).lab(options, terminal)))

  client(
    program,
    'explain <prefix>',
    'say which verdict an announcement of a prefix would get; a registered one may be named',
    'bgpwarden explain 198.51.100.0/24 --as-path "64501 64510" -c bgpwarden.yaml',
  )
    .requiredOption(
      '--as-path <path>',
      'AS numbers, the neighbour first; {64501 64502} is an AS_SET',
    )
    .option('--community <community>', 'a community on it (may be repeated)', collect, [])
    .option('-c, --config <file>', 'judge by this configuration, without a daemon')
    .action(async (prefix, options) =>
      finish(await (await import('./explain.ts')).explain(prefix, options, terminal)),
    )

  asking(
    program,
    'top',
    'watch sessions, failing prefixes and events, live on the whole terminal',
    'bgpwarden top --api http://127.0.0.1:9179',
  )
    .addHelpText(
      'after',
      '\nKeys: Tab, arrows, Enter, / to filter, s to sort, ? for help, q to end.',
    )
    .action(async (options) => finish(await (await import('./top.ts')).top(options, terminal)))

  const session = group('session', 'sessions of a running daemon')
  client(session, 'list', 'all sessions', 'bgpwarden session list').action(async (options) =>
    finish(await (await import('./session.ts')).sessionList(options, terminal)),
  )
  client(session, 'show <name>', 'one session in full', 'bgpwarden session show edge-a').action(
    async (name, options) =>
      finish(await (await import('./session.ts')).sessionShow(name, options, terminal)),
  )
  client(
    session,
    'shutdown <name>',
    'take a session down until it is started',
    'bgpwarden session shutdown edge-a --message "back at noon"',
  )
    .option('--message <text>', "for the peer's operator, at most 255 octets")
    .action(async (name, options) =>
      finish(await (await import('./session.ts')).sessionShutdown(name, options, terminal)),
    )
  client(
    session,
    'start <name>',
    'end a shutdown, or the wait for the next try',
    'bgpwarden session start edge-a',
  ).action(async (name, options) =>
    finish(await (await import('./session.ts')).sessionStart(name, options, terminal)),
  )
  client(
    session,
    'clear <name>',
    'have the peer send its routes again',
    'bgpwarden session clear edge-a --hard',
  )
    .option('--hard', 'end the session and start it anew')
    .action(async (name, options) =>
      finish(await (await import('./session.ts')).sessionClear(name, options, terminal)),
    )

  const verdicts: Actions = {
    list: async (options) => (await import('./prefix.ts')).prefixList(options as never, terminal),
    show: async (name, options) =>
      (await import('./prefix.ts')).prefixShow(name as string, options as never, terminal),
    validate: async (name, options) =>
      (await import('./prefix.ts')).prefixValidate(name as string, options as never, terminal),
  }
  const prefix = group('prefix', 'registered prefixes of a running daemon')
  client(
    prefix,
    'list',
    'all registered prefixes',
    'bgpwarden prefix list --state Failed --reason missing-community',
  )
    .option('--state <state>', 'only this state: None, Pending, Verified, Warning, Failed, Invalid')
    .option('--reason <reason>', 'only with this finding')
    .option('--search <text>', 'only where name, prefix or owner contains the text')
    .action(async (options) =>
      finish(await (await import('./prefix.ts')).prefixList(options, terminal)),
    )
  client(
    prefix,
    'show <name>',
    'the verdict and its reasons (exit 1 when it fails)',
    'bgpwarden prefix show web',
  ).action(async (name, options) =>
    finish(await (await import('./prefix.ts')).prefixShow(name, options, terminal)),
  )
  client(
    prefix,
    'validate <name>',
    'judge now, then show (exit 1 when it fails)',
    'bgpwarden prefix validate web',
  ).action(async (name, options) =>
    finish(await (await import('./prefix.ts')).prefixValidate(name, options, terminal)),
  )
  client(
    prefix,
    'history <name>',
    'what happened to it, oldest first; kept over restarts',
    'bgpwarden prefix history web --window 7d --level Warning',
  )
    .option('--window <window>', 'how far back: 6h, 12h, 1d, 7d, 30d (default 1d)')
    .option('--level <level>', 'at least: Information, Warning, Error, Critical')
    .action(async (name, options) =>
      finish(await (await import('./history.ts')).prefixHistory(name, options, terminal)),
    )

  addKinds(new Map([['prefix', { command: prefix, actions: verdicts }]]), {
    group,
    client,
    terminal,
    finish,
  })
  addRegistryCommands(program, { group, client, terminal, finish })

  const route = group('route', 'routes that a running daemon holds')
  client(
    route,
    'list <session>',
    'what a session announced',
    'bgpwarden route list edge-a --prefix 198.51.100.0/24 --match covered',
  )
    .option('--prefix <prefix>', 'only routes that match this prefix')
    .option('--match <how>', 'exact (default), covering or covered')
    .option('--limit <n>', 'at most so many routes', positive, 1000)
    .action(async (name, options) =>
      finish(await (await import('./route.ts')).routeList(name, options, terminal)),
    )

  const event = group('event', 'what happened at a running daemon')
  client(
    event,
    'list',
    'past events, or with --follow those to come',
    'bgpwarden event --follow',
    true,
  )
    .option('--since <when>', 'from here on: 15m, 2h, 3d, or a time such as 2026-11-21T09:00:00Z')
    .option('--kind <kind>', 'only this kind of event')
    .option('--prefix <name>', 'only of this registered prefix')
    .option('--session <name>', 'only of this session')
    .option('-f, --follow', 'stay, and print events as they come')
    .action(async (options) =>
      finish(await (await import('./event.ts')).eventList(options, terminal)),
    )

  const webhook = group('webhook', 'receivers that a running daemon tells what happens')
  client(webhook, 'list', 'all of them, and how deliveries go', 'bgpwarden webhook list').action(
    async (options) => finish(await (await import('./webhook.ts')).webhookList(options, terminal)),
  )
  client(webhook, 'test <name>', 'send a test', 'bgpwarden webhook test noc').action(
    async (name, options) =>
      finish(await (await import('./webhook.ts')).webhookTest(name, options, terminal)),
  )
  client(
    webhook,
    'dead-letters <name>',
    'what could not be delivered',
    'bgpwarden webhook dead-letters noc',
  ).action(async (name, options) =>
    finish(await (await import('./webhook.ts')).webhookDeadLetters(name, options, terminal)),
  )
  client(webhook, 'resend <name>', 'send dead letters anew', 'bgpwarden webhook resend noc').action(
    async (name, options) =>
      finish(await (await import('./webhook.ts')).webhookResend(name, options, terminal)),
  )

  command(
    program,
    'completion',
    'print a script that completes commands and names in a shell',
    'bgpwarden completion bash > ~/.bgpwarden-completion',
  )
    .addArgument(new Argument('<shell>', 'bash, zsh or fish').choices(['bash', 'zsh', 'fish']))
    .action(async (shell) => finish((await import('./completion.ts')).completion(shell, terminal)))
  program.command('__words [words...]', { hidden: true }).action(async (words) => {
    const { completeWords } = await import('./completion.ts')
    const api = env['BGPWARDEN_API'] || DEFAULT_API
    finish(await completeWords(program, kinds, words, api, terminal))
  })
  return program
}

/** Commands that need no table of kinds, which takes a moment to load. */
const plain = [
  'run',
  'check',
  'replay',
  'speak',
  'lab',
  'explain',
  'session',
  'route',
  'event',
  'top',
]

/**
 * Runs one command line.
 * @param args without `node` and the script
 * @returns the exit code; nothing is thrown
 */
export async function runProgram(
  args: readonly string[],
  terminal: Terminal,
  env: NodeJS.ProcessEnv = process.env,
  given: { readonly kinds?: readonly Kind[] } = {},
): Promise<number> {
  let code: number = Exit.ok
  try {
    const kinds = plain.includes(args[0] ?? '')
      ? []
      : (given.kinds ?? (await import('../peering/kinds.ts')).kinds)
    const done = (result: number) => {
      code = result
    }
    const add: AddKinds | undefined =
      kinds.length === 0
        ? undefined
        : (await import('./resource-commands.ts')).addResourceCommands.bind(null, kinds)
    const program = buildProgram(terminal, env, done, add, kinds)
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? Exit.ok : Exit.failed
    return reportFailure(error, terminal)
  }
}

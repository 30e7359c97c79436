/** The commands of the registry as a whole, and what commands are made with. */
import type { Command } from 'commander'
import { positive } from './numbers.ts'
import type { Terminal } from './terminal.ts'

/** How commands are made: with help, an example, and the options of a client. */
export interface CommandTools {
  readonly group: (name: string, does: string) => Command
  readonly client: (parent: Command, usage: string, does: string, example: string) => Command
  readonly terminal: Terminal
  readonly finish: (code: number) => void
}

/** What commands of a group do, by their names. @returns the exit code */
export type Actions = Readonly<Record<string, (...given: unknown[]) => Promise<number>>>

/** A group that there is already. */
export interface Group {
  readonly command: Command
  readonly actions: Actions
}

export type AddKinds = (groups: ReadonlyMap<string, Group>, tools: CommandTools) => void

/** Adds `apply`, `export` and `audit`. */
export function addRegistryCommands(
  program: Command,
  { client, terminal, finish }: CommandTools,
): void {
  client(
    program,
    'apply',
    'make the registry as a file has it; shows the difference, then asks',
    'bgpwarden apply -f registry.yaml --dry-run',
  )
    .requiredOption('-f, --file <file>', 'YAML or JSON; - is standard input')
    .option('--prune', 'also delete what the file does not name')
    .option('--dry-run', 'show the difference, and change nothing')
    .option('--yes', 'do not ask')
    .action(async (options) =>
      finish(await (await import('./registry.ts')).apply(options, terminal)),
    )
  client(
    program,
    'export',
    'print the registry, as apply takes it',
    'bgpwarden export -o registry.yaml',
  )
    .option('-o, --output <file>', 'write to this file, which only you can read')
    .option('--secrets', 'with passwords and prefix keys; needs an admin')
    .action(async (options) =>
      finish(await (await import('./registry.ts')).exportRegistry(options, terminal)),
    )
  client(
    program,
    'audit',
    'who wrote what, the newest first',
    'bgpwarden audit --who noc --since 2d',
  )
    .option('--who <name>', 'only by this token')
    .option('--kind <kind>', 'only of this kind, such as connection')
    .option('--id <id>', 'only of this resource')
    .option('--below', 'with --id: and of what stands under it')
    .option('--since <when>', 'from here on: 15m, 2h, 3d, or a time such as 2026-11-21T09:00:00Z')
    .option('--limit <n>', 'at most so many entries', positive, 100)
    .action(async (options) =>
      finish(await (await import('./registry.ts')).audit(options, terminal)),
    )
}

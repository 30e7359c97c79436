/** Commands of the registry's resources, made from the table of kinds: a new row has all of them. */
import type { Command } from 'commander'
import type { Kind } from '../peering/kind.ts'
import { parentsOf } from '../peering/paths.ts'
import type { CommandTools, Group } from './registry-commands.ts'
import type { KindAt, ResourceOptions } from './resource.ts'
import { addSpecOptions, exampleOf, kebab, readSpec, specOptions } from './spec-options.ts'

type Given = Readonly<Record<string, unknown>>

/** Options as the commands take them: what commander read, and the parents that were named. */
function optionsOf(given: Given, parents: readonly Kind[]): ResourceOptions {
  const named = parents.map(({ command }) => {
    const name = given[camel(command)]
    return [command, typeof name === 'string' ? name : undefined] as const
  })
  return { ...(given as unknown as ResourceOptions), parents: Object.fromEntries(named) }
}

/** As commander names the option `--customer-asn`. */
function camel(word: string): string {
  return word.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}

function startOfSentence(text: string): string {
  return `${text.charAt(0).toLowerCase()}${text.slice(1).replace(/\.$/, '')}`
}

/** The commands of one kind. */
function createKindCommands(at: KindAt, group: Command, tools: CommandTools) {
  const { kinds, kind } = at
  const { client, terminal, finish } = tools
  const parents = parentsOf(kinds, kind)
  const example = kind.example ?? { name: `NAME`, spec: {} }
  const parentExample =
    parents.length === 0 ? '' : ` --${parents.at(-1)?.command} ${example.parent}`
  const load = () => import('./resource.ts')
  const line = (word: string, rest = '') =>
    `bgpwarden ${kind.command} ${word} ${example.name}${parentExample}${rest}`

  const under = (command: Command) => {
    for (const { command: word, title } of parents)
      command.option(`--${word} <name>`, `the ${title}`)
    return command
  }
  const make = (usage: string, does: string, shown: string) =>
    under(client(group, usage, does, shown))

  return {
    list: () =>
      make(
        'list',
        `all ${kind.title}s${parents.length > 0 ? ', or those under one parent' : ''}`,
        `bgpwarden ${kind.command} list${parentExample}`,
      )
        .option('--filter <property=value>', 'only these (may be repeated)', collect, [])
        .option('--sort <property>', 'by name, createdAt or a property; -name: descending')
        .action(async (given: Given) =>
          finish(await (await load()).resourceList(at, optionsOf(given, parents), terminal)),
        ),

    show: () =>
      make('show <name>', `one ${kind.title} in full`, line('show')).action(
        async (name: string, given: Given) =>
          finish(await (await load()).resourceShow(at, name, optionsOf(given, parents), terminal)),
      ),

    create(word: string) {
      const options = specOptions(kind.spec)
      const command = make(
        `${word} <name>`,
        word === 'create' ? `create a ${kind.title}` : `${word} a ${kind.command}`,
        line(word, ` ${exampleOf(options, example.spec)}`),
      ).option('-f, --file <file>', 'properties in YAML or JSON; - is standard input')
      addSpecOptions(command, options)
      return command.action(async (name: string, given: Given) => {
        const spec = readSpec(options, given)
        const { resourceCreate } = await load()
        finish(await resourceCreate(at, name, spec, optionsOf(given, parents), terminal))
      })
    },

    update() {
      // What cannot change is taken too, so that the registry can say why it cannot.
      const options = specOptions(kind.spec).map((option) => ({
        ...option,
        required: false,
        byDefault: undefined,
        hidden: Object.hasOwn(kind.fixed, option.key),
      }))
      const [key = ''] = Object.keys(example.spec).filter((each) =>
        options.some((option) => option.key === each && !option.hidden),
      )
      const never = options.every(({ hidden }) => hidden)
      const change = exampleOf(options, { [key]: (example.spec as Given)[key] })
      const command = make(
        'update <name>',
        never
          ? `says why a ${kind.title} does not change`
          : `change a ${kind.title}; what is not named stays`,
        line('update', change === '' ? ' -f changes.yaml' : ` ${change}`),
      ).option('-f, --file <file>', 'properties in YAML or JSON; - is standard input')
      addSpecOptions(command, options)
      command.action(async (name: string, given: Given) => {
        const spec = readSpec(options, given)
        const { resourceUpdate } = await load()
        finish(await resourceUpdate(at, name, spec, optionsOf(given, parents), terminal))
      })
    },

    remove: () =>
      make('delete <name>', `delete a ${kind.title}`, line('delete'))
        .option('--yes', 'do not ask')
        .action(async (name: string, given: Given) =>
          finish(
            await (await load()).resourceDelete(at, name, optionsOf(given, parents), terminal),
          ),
        ),

    question(name: string) {
      const question = kind.questions?.[name]
      if (question === undefined) return
      const keys = Object.keys(question.example)
      const usage = [kebab(name), '<name>', ...keys.map((key) => `<${kebab(key)}>`)].join(' ')
      const shown = Object.values(question.example).map((value) => ` ${value}`)
      const does = startOfSentence(question.summary)
      make(usage, does, line(kebab(name), shown.join(''))).action(async (...args: unknown[]) => {
        const given = args.at(-2) as Given
        const [resource, ...values] = args.slice(0, keys.length + 1).map(String)
        const query = Object.fromEntries(keys.map((key, i) => [key, values[i] ?? '']))
        const { resourceAsk } = await load()
        const options = optionsOf(given, parents)
        finish(await resourceAsk(at, name, resource ?? '', query, options, terminal))
      })
    },

    operation(name: string) {
      const operation = kind.operations[name]
      if (operation === undefined) return
      const options = operation.body === undefined ? [] : specOptions(operation.body)
      const needed = options.find(({ required }) => required)
      const rest = needed === undefined ? '' : ` ${needed.flag} "..."`
      const command = make(
        `${kebab(name)} <name>`,
        startOfSentence(operation.summary),
        line(kebab(name), rest),
      )
      addSpecOptions(command, options)
      command.action(async (resource: string, given: Given) => {
        const { resourceOperate } = await load()
        const body = readSpec(options, given)
        finish(await resourceOperate(at, name, resource, body, optionsOf(given, parents), terminal))
      })
    },
  }
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}

/**
 * Lets a command that is there already also speak of the registry, when a parent is named: what `show` shows of
 * a prefix is its verdict, and with `--peering` its registration.
 */
function extend(at: KindAt, name: string, { command: group, actions }: Group, tools: CommandTools) {
  const { terminal, finish } = tools
  const parents = parentsOf(at.kinds, at.kind)
  const command = group.commands.find((each) => each.name() === name)
  const former = actions[name]
  if (command === undefined || former === undefined) return
  for (const { command: word, title } of parents) {
    command.option(`--${word} <name>`, `what the registry has of it in this ${title}`)
  }
  command.action(async (...args: unknown[]) => {
    // Commander hands over the arguments, the options, and the command itself.
    const given = args.at(-2) as Given
    const options = optionsOf(given, parents)
    if (!Object.values(options.parents).some(Boolean)) return finish(await former(...args))
    const resource = await import('./resource.ts')
    if (name === 'list') return finish(await resource.resourceList(at, options, terminal))
    const one = String(args[0])
    if (name === 'show') return finish(await resource.resourceShow(at, one, options, terminal))
    finish(await resource.resourceOperate(at, name, one, {}, options, terminal))
  })
}

/**
 * Adds a group of commands for each kind.
 * @param groups those that there are already; their commands stay what they are
 */
export function addResourceCommands(
  kinds: readonly Kind[],
  groups: ReadonlyMap<string, Group>,
  tools: CommandTools,
): void {
  for (const kind of kinds) {
    const at: KindAt = { kinds, kind }
    const before = groups.get(kind.command)
    const group = before?.command ?? tools.group(kind.command, `${kind.title}s of the registry`)
    const make = createKindCommands(at, group, tools)
    const there = new Set(group.commands.map((command) => command.name()))
    if (before !== undefined) for (const name of there) extend(at, name, before, tools)
    if (!there.has('list')) make.list()
    if (!there.has('show')) make.show()
    // Where the group is not of the kind alone, `create` would be too little of a word.
    make.create(before === undefined ? 'create' : 'register')
    make.update()
    make.remove()
    for (const name of Object.keys(kind.operations)) {
      if (!there.has(kebab(name))) make.operation(name)
    }
    for (const name of Object.keys(kind.questions ?? {})) make.question(name)
  }
}

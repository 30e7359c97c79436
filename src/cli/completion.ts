/**
 * `bgpwarden completion bash | zsh | fish`: a script for the shell, which asks the program itself for words.
 * So it knows every command there is, and names from the daemon.
 */
import type { Command, Option } from 'commander'
import type { Kind } from '../peering/kind.ts'
import { hasOneList } from '../peering/paths.ts'
import { createApiClient } from './api-client.ts'
import { Exit, UsageError } from './failure.ts'
import type { Terminal } from './terminal.ts'

/** The hidden command that the scripts run. */
export const WORDS_COMMAND = '__words'
/** Milliseconds that a shell waits for names. */
const PATIENCE = 1000

const scripts: Readonly<Record<string, string>> = {
  // Bash ends a word at `:`, `@` and `=`, which names of sessions have; so the line is taken apart here.
  bash: `# bgpwarden completion for bash: source <(bgpwarden completion bash)
_bgpwarden() {
  local line=\${COMP_LINE:0:COMP_POINT} IFS=$' \\t' word before= breaks=\${COMP_WORDBREAKS//[^:@=]/}
  local -a words
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  word=\${words[\${#words[@]}-1]}
  [[ -n $breaks ]] && before=\${word%"\${word##*[$breaks]}"}
  IFS=$'\\n'
  words=($(bgpwarden ${WORDS_COMMAND} -- "\${words[@]:1}" 2>/dev/null))
  COMPREPLY=("\${words[@]#"$before"}")
  [[ \${#words[@]} -eq 0 ]] && COMPREPLY=() && compopt -o default 2>/dev/null
}
complete -F _bgpwarden bgpwarden
`,
  zsh: `#compdef bgpwarden
# bgpwarden completion for zsh: source <(bgpwarden completion zsh)
_bgpwarden() {
  local -a found
  found=("\${(@f)$(bgpwarden ${WORDS_COMMAND} -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${found[1]}" ]]; then compadd -a found; else _files; fi
}
compdef _bgpwarden bgpwarden
[[ $funcstack[1] == _bgpwarden ]] && _bgpwarden "$@"
`,
  fish: `# bgpwarden completion for fish: bgpwarden completion fish | source
complete -c bgpwarden -a '(set -l words (commandline -opc) (commandline -ct); bgpwarden ${WORDS_COMMAND} -- $words[2..-1] 2>/dev/null)'
`,
}

/** Prints the script of a shell. @throws UsageError */
export function completion(shell: string, terminal: Terminal): number {
  const script = scripts[shell]
  if (script === undefined) {
    throw new UsageError(`"${shell}" is not a shell it knows, expected bash, zsh or fish`)
  }
  terminal.write(script)
  return Exit.ok
}

/** What a list of the API has; `id` names the parents too. */
type Names = (path: string, property?: 'name' | 'id') => Promise<string[]>
type MakeNames = (values: ReadonlyMap<string, string>) => Names

/** What is typed so far, taken apart. */
interface Typed {
  readonly command: Command
  /** Arguments that are no options. */
  readonly positional: readonly string[]
  /** The option whose value is being typed. */
  readonly option: Option | undefined
  /** Values of options, by their long flag. */
  readonly values: ReadonlyMap<string, string>
}

function takeApart(program: Command, words: readonly string[]): Typed {
  let command = program
  const positional: string[] = []
  const values = new Map<string, string>()
  let option: Option | undefined
  for (const word of words) {
    if (option !== undefined) {
      values.set(option.long ?? '', word)
      option = undefined
    } else if (word.startsWith('-')) {
      const [flag, value] = word.split('=', 2)
      const found = command.options.find(({ long, short }) => long === flag || short === flag)
      if (found?.required && value === undefined) option = found
    } else {
      const below = command.commands.find((each) => each.name() === word)
      if (below === undefined) positional.push(word)
      else command = below
    }
  }
  return { command, positional, option, values }
}

/** What the word of a kind of resource lists, by command or by the option that names a parent. */
async function namesFor(
  word: string,
  kinds: readonly Kind[],
  values: ReadonlyMap<string, string>,
  names: Names,
): Promise<string[]> {
  if (word === 'session') return names('sessions')
  const kind = kinds.find(({ command }) => command === word)
  if (kind === undefined) return word === 'prefix' ? names('prefixes') : []
  if (kind.parent === null) return names(kind.segment)
  const parent = kinds.find(({ name }) => name === kind.parent)
  const name = values.get(`--${parent?.command}`)
  if (parent !== undefined && name !== undefined) {
    return names(`${parent.segment}/${encodeURIComponent(name)}/${kind.segment}`)
  }
  if (word === 'prefix') return names('prefixes')
  return hasOneList(kinds, kind) ? names(kind.segment, 'id') : []
}

async function candidates(
  program: Command,
  kinds: readonly Kind[],
  words: readonly string[],
  makeNames: MakeNames,
): Promise<string[]> {
  const current = words.at(-1) ?? ''
  const { command, positional, option, values } = takeApart(program, words.slice(0, -1))
  const names = makeNames(values)
  if (option !== undefined) {
    if (option.argChoices !== undefined) return option.argChoices
    return namesFor(option.long?.slice(2) ?? '', kinds, values, names)
  }
  if (current.startsWith('-')) {
    return command.options.flatMap(({ long, hidden }) => (long && !hidden ? [long] : []))
  }
  const below = command.commands.map((each) => each.name()).filter((name) => !name.startsWith('_'))
  if (below.length > 0) return below
  const argument = command.registeredArguments[positional.length]
  if (argument === undefined) return []
  if (argument.argChoices !== undefined) return argument.argChoices
  const word = argument.name() === 'session' ? 'session' : (command.parent?.name() ?? '')
  return argument.name() === 'name' || argument.name() === 'session'
    ? namesFor(word, kinds, values, names)
    : []
}

/**
 * Prints the words that could stand where the cursor is, one a line; none when nothing is known.
 * @param words after `bgpwarden`, the last one unfinished
 */
export async function completeWords(
  program: Command,
  kinds: readonly Kind[],
  words: readonly string[],
  api: string,
  terminal: Terminal,
): Promise<number> {
  const makeNames: MakeNames = (values) => {
    const where = { api: values.get('--api') ?? api, tokenFile: values.get('--token-file') }
    return async (path, property = 'name') => {
      const late = new Promise<never>((_, reject) => {
        setTimeout(() => reject(new Error('late')), PATIENCE).unref()
      })
      const client = createApiClient(where)
      const page = client.get<{ items: { name: string; id: string }[] }>(path, { limit: 1000 })
      return (await Promise.race([page, late])).items.map((item) => item[property])
    }
  }
  const current = words.at(-1) ?? ''
  const found = await candidates(program, kinds, words, makeNames).catch(() => [])
  for (const word of found) if (word.startsWith(current)) terminal.write(`${word}\n`)
  return Exit.ok
}

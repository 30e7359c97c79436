/** The terminal as a canvas: the alternate screen, keys, and lines drawn by Ink. */
import { Writable } from 'node:stream'
import type { Key as InkKey, Instance } from 'ink'
import type { Key } from './keys.ts'
import type { ScreenSize } from './layout.ts'

const CLEAR = '\u001b[2J\u001b[H'
/** The alternate screen, empty; what was on the screen comes back when it is left. */
const ENTER = `\u001b[?1049h${CLEAR}`
/** Empty again, as tmux brings lines of it along when the window has grown meanwhile. */
const LEAVE = `${CLEAR}\u001b[?1049l\u001b[?25h`
/** A window that is being dragged has many sizes; milliseconds. */
const SETTLE = 50

const controls: Readonly<Record<string, Key>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\u007f': 'backspace',
  '\b': 'backspace',
  '\u0003': 'ctrl-c',
}

/**
 * Names the keys of one input of Ink, which has a special key alone, and pasted or quickly typed ones together.
 */
export function keysOf(input: string, key: Partial<InkKey>): Key[] {
  if (key.upArrow) return ['up']
  if (key.downArrow) return ['down']
  if (key.pageUp) return ['pageUp']
  if (key.pageDown) return ['pageDown']
  if (key.home) return ['home']
  if (key.end) return ['end']
  if (key.return) return ['enter']
  if (key.tab) return [key.shift ? 'backTab' : 'tab']
  if (key.escape) return ['escape']
  if (key.backspace || key.delete) return ['backspace']
  if (key.ctrl) return input === 'c' ? ['ctrl-c'] : []
  const typed = [...input].flatMap((character) => {
    const named = controls[character]
    if (named !== undefined) return [named]
    return /\p{Cc}/u.test(character) ? [] : [character]
  })
  // A terminal sends the same for Alt and a key as for Esc and then the key.
  return key.meta ? ['escape', ...typed] : typed
}

export interface FullScreen {
  readonly size: () => ScreenSize
  draw(lines: readonly string[]): void
  /** Gives the terminal back as it was; may be called again. */
  close(): void
}

/**
 * Ink's way out. Ink does not learn how many rows there are: it would clear the terminal's scrollback when the
 * window shrinks.
 */
function canvas(stdout: NodeJS.WriteStream): NodeJS.WriteStream {
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk: string, _encoding, done) => void stdout.write(chunk, () => done()),
  })
  const shape = { isTTY: true, columns: stdout.columns }
  return Object.assign(stream, shape) as unknown as NodeJS.WriteStream
}

/** Ink decides as it is loaded whether it runs in a test pipeline, and which React it takes. */
async function loadInk() {
  process.env['NODE_ENV'] ??= 'production'
  process.env['CI'] = 'false'
  return Promise.all([import('ink'), import('react')])
}

/**
 * Takes the terminal over.
 * @param color whether it may be coloured
 * @param listener gets the keys, and is told when the size changed
 */
export async function openFullScreen(
  { stdin, stdout }: { readonly stdin: NodeJS.ReadStream; readonly stdout: NodeJS.WriteStream },
  color: boolean,
  listener: { readonly key: (key: Key) => void; readonly resized: () => void },
): Promise<FullScreen> {
  const [{ render, Box, Text, useInput }, { createElement }] = await loadInk()
  let ink: Instance | undefined
  let settled: ReturnType<typeof setTimeout> | undefined
  let open = true

  function Lines({ lines }: { readonly lines: readonly string[] }) {
    useInput((input, key) => {
      for (const each of keysOf(input, key)) listener.key(each)
    })
    const texts = lines.map((line) => createElement(Text, { wrap: 'truncate' }, line || ' '))
    return createElement(Box, { flexDirection: 'column' }, ...texts)
  }

  function draw(lines: readonly string[]): void {
    if (!open) return
    const element = createElement(Lines, { lines })
    if (ink !== undefined) {
      ink.rerender(element)
      return
    }
    ink = render(element, {
      stdout: canvas(stdout),
      stdin,
      exitOnCtrlC: false,
      patchConsole: false,
    })
  }

  // What Ink has drawn is in other places now: it begins anew, on an empty screen.
  function resized(): void {
    clearTimeout(settled)
    settled = setTimeout(() => {
      ink?.unmount()
      ink = undefined
      stdout.write(ENTER)
      listener.resized()
    }, SETTLE)
  }

  function close(): void {
    if (!open) return
    open = false
    clearTimeout(settled)
    stdout.off('resize', resized)
    process.off('SIGCONT', resized)
    process.off('exit', close)
    process.off('uncaughtExceptionMonitor', close)
    ink?.unmount()
    stdout.write(LEAVE)
  }

  stdout.write(ENTER)
  stdout.on('resize', resized)
  // Somebody stopped it, and a shell used the terminal meanwhile.
  process.on('SIGCONT', resized)
  // Before a stack trace is written, so that it can be read.
  process.on('uncaughtExceptionMonitor', close)
  process.on('exit', close)
  return {
    size: () => ({ columns: stdout.columns, rows: stdout.rows, color }),
    draw,
    close,
  }
}

/** A terminal that a test can look at and type into: tmux. */
import { run } from './process.ts'
import { waitFor } from './wait.ts'

export interface Tmux {
  /** Presses keys by tmux's names: `Enter`, `Down`, `C-c`. */
  press(...keys: string[]): Promise<void>
  /** Types text as it stands. */
  type(text: string): Promise<void>
  /** What the screen shows, without blanks at the ends of lines. */
  screen(): Promise<string>
  /** Waits until the screen matches. @returns the screen */
  shows(pattern: RegExp, seconds?: number): Promise<string>
  resize(columns: number, rows: number): Promise<void>
  /** Ends it, and all that runs in it. */
  end(): Promise<void>
}

/**
 * Starts a shell in a terminal of 80 columns and 24 rows, without the user's settings.
 *
 * @param socket name that nobody else uses
 * @param env added to the environment; empty: set to nothing
 */
export async function startTmux(socket: string, env: Record<string, string>): Promise<Tmux> {
  const tmux = (...args: string[]) => run(['tmux', '-u', '-L', socket, '-f', '/dev/null', ...args])
  const settings = Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`])
  await tmux('new-session', '-d', '-x', '80', '-y', '24', ...settings, 'sh')
  const screen = async () => (await tmux('capture-pane', '-p')).replace(/ +$/gm, '')
  return {
    press: async (...keys) => void (await tmux('send-keys', ...keys)),
    type: async (text) => void (await tmux('send-keys', '-l', text)),
    screen,
    shows: (pattern, seconds = 20) =>
      waitFor(
        `the screen to show ${pattern}`,
        async () => {
          const text = await screen()
          return pattern.test(text) && text
        },
        { seconds, state: async () => (await screen()).split('\n') },
      ),
    resize: async (columns, rows) =>
      void (await tmux('resize-window', '-x', `${columns}`, '-y', `${rows}`)),
    end: async () => void (await tmux('kill-server').catch(() => {})),
  }
}

/** argv -> command. */
import { runProgram } from './cli/program.ts'
import { processTerminal } from './cli/terminal.ts'

// A reader that had enough (`| head`) is no mistake of anybody.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

process.exitCode = await runProgram(process.argv.slice(2), processTerminal())
// The command is over: a timer or an idle connection that is left must not hold the shell up.
process.stdout.write('', () => process.exit())

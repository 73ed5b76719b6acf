/** The command `broker` behind broker.cts. It loads everything else itself: where not even that works, one line says why, and no stack. */

try {
  const { runProgram } = await import('./program.js')
  await runProgram()
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException
  if (code !== 'EMFILE' && code !== 'ENFILE') throw error
  process.stderr.write(`broker: cannot load the command, raise the limit of open files (ulimit -n), got: ${message}\n`)
  process.exitCode = 1
}

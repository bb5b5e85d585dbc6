// How a command is entered into its environment: as `conda activate` would, by a shell, because an activation script can only be sourced by
// one. The text is fixed. Whatever the user, the lock or the cluster says comes to it as arguments and variables.

/**
 * In a function: what a script does to the positional parameters stays there. The line that it prints shows in the run's stdout
 * which prefix and which programs there are, after every activation script and right before the command.
 */
const ACTIVATE = `
trotline_activate() {
  local script
  for script in "$CONDA_PREFIX"/etc/conda/activate.d/*.sh; do
    if [ -r "$script" ]; then . "$script"; fi
  done
}
trotline_activate
unset -f trotline_activate
printf 'environment %s: python is %s, %s is %s\\n' "$CONDA_PREFIX" "$(type -P python || echo missing)" "$1" "$(type -P -- "$1" || echo missing)"
exec "$@"
`

/** -p: neither BASH_ENV nor functions of the job are read: what they put first on PATH would hide the environment. Both are passed on. */
const SHELL = ['/bin/bash', '--norc', '--noprofile', '-p', '-c', ACTIVATE, 'trotline'] as const

/** What is executed. Without an environment no shell is needed. */
export const argvOf = (command: readonly string[], inEnvironment: boolean): string[] =>
  inEnvironment ? [...SHELL, ...command] : [...command]

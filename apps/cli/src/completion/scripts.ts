// What a shell is told once. The work is done by `trotline __complete`, which answers lines of word, tab, what it is.

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** A last line of this alone: the shell completes files. */
export const FILES_MARK = ':files'

export const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `_trotline() {
  local line words=()
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == '${FILES_MARK}' ]]; then
      compopt -o default 2>/dev/null
    elif [[ \${line%%$'\\t'*} == "$2"* ]]; then
      words+=("\${line%%$'\\t'*}")
    fi
  done < <(trotline __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  COMPREPLY=("\${words[@]}")
}
complete -F _trotline trotline
`,
  zsh: `#compdef trotline
_trotline() {
  local line files=0
  local -a found
  while IFS= read -r line; do
    if [[ $line == '${FILES_MARK}' ]]; then
      files=1
    else
      found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    fi
  done < <(trotline __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( \${#found} )) && _describe -V trotline found
  (( files )) && _files
  return 0
}
compdef _trotline trotline
`,
  fish: `function __trotline_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in (trotline __complete $words[2..-1] 2>/dev/null)
        if test "$line" = '${FILES_MARK}'
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c trotline -f -k -a '(__trotline_complete)'
`,
}

/** How it is loaded, for people. */
export const LOADING: Readonly<Record<Shell, string>> = {
  bash: 'in ~/.bashrc:  source <(trotline completion bash)',
  zsh: 'in ~/.zshrc, after compinit:  source <(trotline completion zsh)',
  fish: 'trotline completion fish > ~/.config/fish/completions/trotline.fish',
}

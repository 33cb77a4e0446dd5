"""``ganrepro completion bash|zsh``: a script that completes commands, options, papers and their tables and claims."""

from __future__ import annotations

import argparse

from benchmark import places
from benchmark.commands import options as opt

_SCRIPT = """\
# ganrepro completion: source <(ganrepro completion {shell})
{prelude}_ganrepro() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} command=${{COMP_WORDS[1]}} words
  if [[ $COMP_CWORD == 1 ]]; then
    words="{commands}"
  else
    case $command in
{cases}
    esac
    [[ $word == -* ]] || words="{papers}"
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  [[ ${{#COMPREPLY[@]}} -gt 0 ]] || COMPREPLY=($(compgen -f -- "$word"))
}}
complete -F _ganrepro ganrepro
"""


def register(subparsers: opt.Subparsers) -> None:
    added = opt.command(subparsers, "completion", "print a script for the shell's completion", completion, None)
    added.add_argument("shell", choices=("bash", "zsh"))
    added.set_defaults(every=subparsers.choices)


def completion(options: argparse.Namespace) -> int:
    every: dict[str, argparse.ArgumentParser] = options.every
    cases = "\n".join(
        f'      {name}) words="{" ".join(word for action in one._actions for word in action.option_strings)}" ;;'
        for name, one in every.items()
    )
    print(
        _SCRIPT.format(
            shell=options.shell,
            prelude="autoload -U +X bashcompinit && bashcompinit\n" if options.shell == "zsh" else "",
            commands=" ".join(every),
            cases=cases,
            papers=" ".join(sorted(file.stem for file in places.papers_folder().glob("*.yaml"))),
        ),
        end="",
    )
    return 0

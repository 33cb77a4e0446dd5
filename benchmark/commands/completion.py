"""``ganrepro completion bash|zsh``: a script that completes commands, options, their choices and papers."""

from __future__ import annotations

import argparse

from benchmark import places
from benchmark.cli import option_words, parser

_SCRIPT = """\
# ganrepro completion: source <(ganrepro completion {shell})
{prelude}_ganrepro() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} command=${{COMP_WORDS[1]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} words choices
  if [[ $COMP_CWORD == 1 ]]; then
    words="{commands}"
  else
    case $command in
{cases}
    esac
    case "$command $before" in
{valued}
    esac
    [[ $word == -* ]] || words="${{choices:-{papers}}}"
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  [[ ${{#COMPREPLY[@]}} -gt 0 ]] || COMPREPLY=($(compgen -f -- "$word"))
}}
complete -F _ganrepro ganrepro
"""


def completion_options(to: argparse.ArgumentParser) -> None:
    to.add_argument("shell", choices=("bash", "zsh"))


def completion(options: argparse.Namespace) -> int:
    commands = parser().commands
    cases = "\n".join(
        f'      {name}) words="{" ".join(option_words(command))}"; choices="{" ".join(choices_of(command, ""))}" ;;'
        for name, command in commands.items()
    )
    valued = "\n".join(
        f'      "{name} {option}") words="{" ".join(choices)}"; choices=$words ;;'
        for name, command in commands.items()
        for option in option_words(command)
        if (choices := choices_of(command, option))
    )
    print(
        _SCRIPT.format(
            shell=options.shell,
            prelude="autoload -U +X bashcompinit && bashcompinit\n" if options.shell == "zsh" else "",
            commands=" ".join(commands),
            cases=cases,
            valued=valued,
            papers=" ".join(sorted(file.stem for file in places.papers_folder().glob("*.yaml"))),
        ),
        end="",
    )
    return 0


def choices_of(command: argparse.ArgumentParser, option: str) -> list[str]:
    """What an option of a command can be set to, where that is a list; of its plain words for no option."""
    named = (action for action in command._actions if option in (action.option_strings or [""]))
    return [str(choice) for action in named for choice in action.choices or ()]

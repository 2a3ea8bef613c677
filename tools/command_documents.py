"""Man pages and completions of bash, zsh and fish, from what the program says of itself.

    command_documents.py BLIP OUTPUT

BLIP is the program; its `--help` is the only source, so nothing here can go out of date. Writes
OUTPUT/man1/blip*.1, OUTPUT/bash/blip, OUTPUT/zsh/_blip and OUTPUT/fish/blip.fish.
"""

import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

TASKS_WITH_COMMANDS = ("eval", "train")


@dataclass
class Option:
    short: str = ""
    long: str = ""
    value: str = ""  # what help calls it; empty: a switch, or words that are no options
    words: str = ""  # "IMAGE"
    text: str = ""


@dataclass
class Command:
    name: str  # "eval caption"
    synopsis: list[str] = field(default_factory=list)
    summary: str = ""
    groups: list[tuple[str, list[Option]]] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)
    exit_codes: str = ""
    environment: str = ""

    def options(self):
        return [option for _, options in self.groups for option in options]


def said(program, *words):
    return subprocess.run([program, *words], capture_output=True, text=True, check=True).stdout


def option_of(line):
    """"  -m, --model MODEL        A hub id" → Option; None if the line begins none."""
    match = re.match(r"  (?:(-\w), |    )?(--[\w-]+)(?: ([^\s]+))?(?:\s{2,}(.*))?$", line)
    if match:
        short, long, value, text = match.groups()
        return Option(short=short or "", long=long, value=value or "", text=text or "")
    match = re.match(r"  ([A-Z][A-Z0-9_.,]*)(?:\s{2,}(.*))?$", line)
    if match:
        return Option(words=match.group(1), text=match.group(2) or "")
    return None


def paragraphs(text):
    return [part for part in re.split(r"\n\n+", text.strip("\n")) if part]


def parse_help(name, text):
    command = Command(name)
    for part in paragraphs(text):
        lines = part.split("\n")
        if lines[0].startswith("Usage: "):
            command.synopsis = [line.removeprefix("Usage:").strip() for line in lines]
        elif lines[0] == "Examples:":
            command.examples = [line.strip() for line in lines[1:]]
        elif lines[0].startswith("Exit code: "):
            command.exit_codes = " ".join(lines).removeprefix("Exit code: ")
        elif lines[0].startswith("Environment: "):
            command.environment = " ".join(line.strip() for line in lines).removeprefix("Environment: ")
        elif lines[0].endswith(":") and len(lines) > 1 and lines[1].startswith("  "):
            options = []
            for line in lines[1:]:
                option = option_of(line)
                if option:
                    options.append(option)
                elif options:
                    options[-1].text = f"{options[-1].text} {line.strip()}".strip()
            command.groups.append((lines[0].rstrip(":"), options))
        elif not command.summary and not lines[0].startswith(" "):
            command.summary = " ".join(lines)
    return command


def command_names(general_help):
    section = next(part for part in paragraphs(general_help) if part.startswith("Commands:"))
    return re.findall(r"^  ([a-z]+) {2,}(.+)$", section, re.M)


def read_commands(program):
    """[(command, its one-line summary)]; of a command with tasks also each of them."""
    commands = []
    for name, summary in command_names(said(program, "--help")):
        text = said(program, name, "--help")
        commands.append((parse_help(name, text), summary))
        if name not in TASKS_WITH_COMMANDS:
            continue
        for task, task_summary in re.findall(r"^  ([a-z]+) {2,}(\S.+)$", text, re.M):
            try:
                commands.append((parse_help(f"{name} {task}", said(program, name, task, "--help")),
                                 task_summary))
            except subprocess.CalledProcessError:
                continue  # a build without training has no such command
    return commands


# Man pages.


def roff(text):
    """Text in which troff sees no commands."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.M)


def man_option(option):
    if option.words:
        return f".TP\n.I {roff(option.words)}\n{roff(option.text)}\n"
    names = ", ".join(f"\\fB{roff(name)}\\fR" for name in (option.short, option.long) if name)
    value = f" \\fI{roff(option.value)}\\fR" if option.value else ""
    return f".TP\n{names}{value}\n{roff(option.text)}\n"


def man_page(command, summary, version, others):
    title = f"blip-{command.name}".replace(" ", "-")
    page = [f'.TH "{title.upper()}" 1 "" "blip {version}" "blip.cpp"\n', ".SH NAME\n",
            f"{roff(title)} \\- {roff(summary[0].lower() + summary[1:])}\n", ".SH SYNOPSIS\n"]
    page += [f".B {roff(line)}\n.br\n" for line in command.synopsis]
    page += [".SH DESCRIPTION\n", roff(command.summary) + "\n", ".SH OPTIONS\n"]
    for heading, options in command.groups:
        page += [f'.SS "{roff(heading)}"\n', *map(man_option, options)]
    page.append(".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\nShow a summary of these.\n")
    if command.environment:
        page += [".SH ENVIRONMENT\n", roff(command.environment) + "\n"]
    if command.exit_codes:
        page += [".SH EXIT STATUS\n", roff(command.exit_codes) + "\n"]
    if command.examples:
        page.append(".SH EXAMPLES\n")
        page += [f".PP\n.nf\n{roff(example)}\n.fi\n" for example in command.examples]
    page += [".SH SEE ALSO\n", ",\n".join(f".BR {roff(other)} (1)" for other in others) + "\n"]
    return "".join(page).replace(",\n.BR", " ,\n.BR")


def main_man_page(commands, version):
    page = [f'.TH BLIP 1 "" "blip {version}" "blip.cpp"\n.SH NAME\n',
            "blip \\- describes images, offline, with BLIP models\n",
            ".SH SYNOPSIS\n.B blip\n.I COMMAND\n[\\fIoptions\\fR]\n.SH COMMANDS\n"]
    for command, summary in commands:
        page.append(f".TP\n.B {roff(command.name)}\n{roff(summary)}\n")
    page.append(".SH SEE ALSO\n" + "\n".join(
        f".BR blip\\-{roff(command.name.replace(' ', '-'))} (1)" for command, _ in commands) + "\n")
    return "".join(page)


# Completions.

MODEL_NAMES = "blip models 2>/dev/null | cut -f 1"


def flags(command):
    names = [name for option in command.options() for name in (option.short, option.long) if name]
    return [*names, "-h", "--help"]


def first_words(commands):
    return [command.name for command, _ in commands if " " not in command.name]


def bash_completion(commands):
    cases = []
    for command, _ in sorted(commands, key=lambda each: -len(each[0].name)):
        pattern = f'"{command.name} "*'
        tasks = [other.name.split()[1] for other, _ in commands
                 if other.name.startswith(command.name + " ")]
        cases.append(f"    {pattern}) words='{' '.join(tasks + flags(command))}' ;;\n")
    return f"""# bash completion of blip. Made by tools/command_documents.py; do not edit.
_blip() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} words=
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    mapfile -t COMPREPLY < <(compgen -W '{' '.join(first_words(commands))} --help --version' -- "$current")
    return
  fi
  if [[ $previous == -m || $previous == --model ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$({MODEL_NAMES})" -- "$current"; compgen -f -- "$current")
    return
  fi
  case "${{COMP_WORDS[1]}} ${{COMP_WORDS[2]-}} " in
{''.join(cases)}  esac
  if [[ $current == -* || $COMP_CWORD -eq 2 ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
    [[ $current == -* ]] || mapfile -t -O "${{#COMPREPLY[@]}}" COMPREPLY < <(compgen -f -- "$current")
  fi
}}
complete -o default -o bashdefault -F _blip blip
"""


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


def zsh_option(option):
    text = re.sub(r"([\[\]:\\])", r"\\\1", option.text)
    value = ""
    if option.value:
        action = f'{{compadd -- $({MODEL_NAMES}); _files}}' if option.long == "--model" else "_files"
        value = f":{option.value.lower()}:{action}"
    if option.short:
        return (f"    '({option.short} {option.long})'{{{option.short},{option.long}}}"
                f"{quoted(f'[{text}]{value}')}")
    return "    " + quoted(f"{option.long}[{text}]{value}")


def zsh_completion(commands):
    described = "\n".join(f"    {quoted(f'{command.name}:{summary}')}" for command, summary in commands
                          if " " not in command.name)
    cases = []
    for command, _ in commands:
        if " " in command.name:
            continue
        tasks = [other for other, _ in commands if other.name.startswith(command.name + " ")]
        options = {option.long: option for each in [command, *tasks] for option in each.options()
                   if option.long}
        specifications = " \\\n".join([*map(zsh_option, options.values()), "    '*:file:_files'"])
        cases.append(f"  {command.name})\n    _arguments -s \\\n{specifications}\n    ;;\n")
    return f"""#compdef blip
# zsh completion of blip. Made by tools/command_documents.py; do not edit.
local -a commands
if (( CURRENT == 2 )); then
  commands=(
{described}
  )
  _describe command commands
  return
fi
local command=$words[2]
shift words
(( CURRENT-- ))
case $command in
{''.join(cases)}esac
"""


def fish_completion(commands):
    lines = ["# fish completion of blip. Made by tools/command_documents.py; do not edit."]
    for command, summary in commands:
        words = command.name.split()
        if len(words) == 1:
            condition = "__fish_use_subcommand"
        else:
            condition = f"__fish_seen_subcommand_from {words[0]}"
        lines.append(f"complete -c blip -n {quoted(condition)} -a {words[-1]} -d {quoted(summary)}")
    for command, _ in commands:
        words = command.name.split()
        condition = "; and ".join(f"__fish_seen_subcommand_from {word}" for word in words)
        for option in command.options():
            if not option.long:
                continue
            line = f"complete -c blip -n {quoted(condition)} -l {option.long[2:]}"
            if option.short:
                line += f" -s {option.short[1:]}"
            if option.value:
                line += " -r"
            if option.long == "--model":
                line += f" -a {quoted(f'({MODEL_NAMES})')}"
            lines.append(f"{line} -d {quoted(option.text)}")
    return "\n".join(lines) + "\n"


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def main():
    program, output = sys.argv[1], Path(sys.argv[2])
    version = said(program, "--version").split()[1]
    commands = read_commands(program)
    pages = ["blip"] + [f"blip-{command.name}".replace(" ", "-") for command, _ in commands]
    write(output / "man1/blip.1", main_man_page(commands, version))
    for page, (command, summary) in zip(pages[1:], commands, strict=True):
        write(output / f"man1/{page}.1", man_page(command, summary, version, ["blip"]))
    write(output / "bash/blip", bash_completion(commands))
    write(output / "zsh/_blip", zsh_completion(commands))
    write(output / "fish/blip.fish", fish_completion(commands))


if __name__ == "__main__":
    main()

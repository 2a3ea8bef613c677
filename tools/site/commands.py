"""The reference of the commands, from what the program says of itself: commands.py BLIP PAGE"""

import html
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from command_documents import read_commands, write  # noqa: E402


def cell(text):
    return html.escape(text, quote=False).replace("|", "\\|").replace("*", "\\*").replace("_", "\\_")


def row(option):
    if option.words:
        return f"| `{option.words}` | {cell(option.text)} |"
    names = ", ".join(f"`{name}`" for name in (option.short, option.long) if name)
    return f"| {names}{f' `{option.value}`' if option.value else ''} | {cell(option.text)} |"


def section(command):
    lines = [f"## blip {command.name}", "", "```text", *command.synopsis, "```", "", cell(command.summary), ""]
    for heading, options in command.groups:
        lines += [f"**{cell(heading)}**", "", "| option | meaning |", "|---|---|", *map(row, options), ""]
    if command.examples:
        lines += ["```sh", *command.examples, "```", ""]
    if command.exit_codes:
        lines += [f"Exit code: {cell(command.exit_codes)}", ""]
    return lines


def main():
    program, page = sys.argv[1], Path(sys.argv[2])
    commands = read_commands(program)
    lines = ["# Commands", "", "```sh", "blip caption photo.jpg", "```", "",
             "Made from `blip COMMAND --help`. Every option also reads `BLIP_<OPTION>` from the environment.", "",
             "| command | does |", "|---|---|"]
    lines += [f"| [`blip {command.name}`](#blip-{command.name.replace(' ', '-')}) | {cell(summary)} |"
              for command, summary in commands] + [""]
    for command, _ in commands:
        lines += section(command)
    write(page, "\n".join(lines))


main()

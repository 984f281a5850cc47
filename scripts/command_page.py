"""Writes docs/commands.md from what the command says of itself (`telltale --experimental-dump-help` on stdin) to stdout."""

import json
import re
import sys

from man_pages import option_names, shown

HEAD = """# Commands

Printed by `scripts/docs reference` from the program's own help: do not edit. Results go to stdout, progress and warnings to stderr;
`--json` prints results as JSON. Exit codes: 0 done, 1 failed, 2 wrong usage or input. `telltale help COMMAND` shows the same.
"""


def escaped(text):
    """A text as Markdown that shows it as it is, in one table cell."""
    text = re.sub(r"([\\`*_\[\]|])", r"\\\1", text.strip()).replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"\bdocs/([a-z-]+\.md)", r"[docs/\1](\1)", text)
    return re.sub(r"\s*\n\s*", " ", text)


def paragraphs(text):
    return "\n\n".join(escaped(part) for part in re.split(r"\n\s*\n", text) if part.strip())


def meaning(argument):
    parts = [argument.get("abstract", ""), argument.get("discussion", "")]
    if argument.get("defaultValue"):
        parts.append(f"(default: {argument['defaultValue']})")
    return escaped(" ".join(part for part in parts if part))


def section(name, command, level):
    lines = ["", f"{'#' * level} {name}", "", escaped(command.get("abstract", ""))]
    lines += ["", paragraphs(command["discussion"])] if command.get("discussion") else []
    arguments = [one for one in command.get("arguments", []) if shown(one) and one["valueName"] not in ("help", "version")]
    if arguments:
        lines += ["", "| option | meaning |", "|---|---|"]
        lines += [f"| `{option_names(one)}`{'' if one['isOptional'] else ' (required)'} | {meaning(one)} |" for one in arguments]
    for subcommand in command.get("subcommands", []):
        if shown(subcommand) and subcommand["commandName"] != "help":
            lines += section(f"{name} {subcommand['commandName']}", subcommand, min(level + 1, 3))
    return lines


def page(command):
    lines = [HEAD]
    for subcommand in command["subcommands"]:
        if shown(subcommand) and subcommand["commandName"] != "help":
            lines += section(f"telltale {subcommand['commandName']}", subcommand, 2)
    return "\n".join(lines).replace("\n\n\n", "\n\n") + "\n"


if __name__ == "__main__":
    sys.stdout.write(page(json.load(sys.stdin)["command"]))

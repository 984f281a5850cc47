"""Writes man pages from what the command says of itself (`telltale --experimental-dump-help` on stdin).

Usage: man_pages.py FOLDER
"""

import json
import re
import sys
from pathlib import Path


def escaped(text):
    """A text that roff shows as it is."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return "\n".join("\\&" + line if line.startswith((".", "'")) else line for line in text.split("\n"))


def option_names(argument):
    """`--max-tokens <n>, -n <n>`."""
    value = f" <{argument.get('valueName', 'value')}>" if argument["kind"] == "option" else ""
    if argument["kind"] == "positional":
        return f"<{argument.get('valueName', 'value')}>"
    dashes = {"long": "--", "short": "-", "longWithSingleDash": "-"}
    return ", ".join(dashes[name["kind"]] + name["name"] + value for name in argument.get("names", []))


def shown(argument):
    return argument.get("shouldDisplay", True)


def synopsis(name, command):
    parts = [name]
    for argument in filter(shown, command.get("arguments", [])):
        words = option_names({**argument, "names": [argument["preferredName"]]} if "preferredName" in argument else argument)
        words += " ..." if argument.get("isRepeating") else ""
        parts.append(f"[{words}]" if argument.get("isOptional") else words)
    if command.get("subcommands"):
        parts.append("<subcommand>")
    return " ".join(parts)


def paragraphs(text):
    return "\n.PP\n".join(escaped(part.strip()) for part in re.split(r"\n\s*\n", text) if part.strip())


def page(name, command, version):
    lines = [
        f'.TH "{name.replace(" ", "-").upper()}" 1 "" "Telltale {version}" "Telltale"',
        ".SH NAME",
        f"{escaped(name.replace(' ', '-'))} \\- {escaped(command.get('abstract', '').rstrip('.'))}",
        ".SH SYNOPSIS",
        escaped(synopsis(name, command)),
    ]
    if command.get("discussion"):
        lines += [".SH DESCRIPTION", paragraphs(command["discussion"])]
    arguments = [one for one in command.get("arguments", []) if shown(one)]
    if arguments:
        lines.append(".SH OPTIONS")
    for argument in arguments:
        about = [argument.get("abstract", ""), argument.get("discussion", "")]
        if argument.get("defaultValue"):
            about.append(f"(default: {argument['defaultValue']})")
        lines += [".TP", f".B {escaped(option_names(argument))}", escaped(" ".join(one for one in about if one) or " ")]
    subcommands = [one for one in command.get("subcommands", []) if shown(one) and one["commandName"] != "help"]
    if subcommands:
        lines.append(".SH COMMANDS")
    for subcommand in subcommands:
        lines += [".TP", f".B {escaped(subcommand['commandName'])}", escaped(subcommand.get("abstract", " "))]
    related = [f"{name} {one['commandName']}" for one in subcommands] or [name.rpartition(" ")[0]]
    related = [f".BR {escaped(one.replace(' ', '-'))} (1)" for one in related if one]
    lines += [".SH EXIT STATUS", "0 done, 1 failed, 2 wrong usage or input."]
    lines += [".SH SEE ALSO", ",\n".join(related)] if related else []
    return "\n".join(lines) + "\n"


def write(folder, name, command, version):
    (folder / f"{name.replace(' ', '-')}.1").write_text(page(name, command, version), encoding="utf-8")
    for subcommand in command.get("subcommands", []):
        if shown(subcommand) and subcommand["commandName"] != "help":
            write(folder, f"{name} {subcommand['commandName']}", subcommand, version)


if __name__ == "__main__":
    told = json.load(sys.stdin)["command"]
    source = Path(__file__).parent.parent / "Sources" / "Foundations" / "Version.swift"
    write(Path(sys.argv[1]), told["commandName"], told, re.search(r'current = "([^"]+)"', source.read_text())[1])

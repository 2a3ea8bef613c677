"""The references of C++ and C, from Doxygen's XML: api.py XML cpp|c PAGE"""

import html
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path


def words(element):
    """A description's text as Markdown."""
    if element is None:
        return ""
    parts = [html.escape(element.text or "", quote=False)]
    for child in element:
        if child.tag == "computeroutput":
            parts.append(f"`{''.join(child.itertext())}`")
        elif child.tag == "para":
            parts.append(words(child) + "\n\n")
        elif child.tag == "listitem":
            parts.append("- " + words(child).strip() + "\n")
        elif child.tag in ("verbatim", "programlisting"):
            parts.append("\n\n```text\n" + "".join(child.itertext()).strip("\n") + "\n```\n\n")
        else:
            parts.append(words(child))
        parts.append(html.escape(child.tail or "", quote=False))
    return "".join(parts)


def said(member):
    return (words(member.find("briefdescription")) + words(member.find("detaileddescription"))).strip()


def text_of(element):
    return "".join(element.itertext()).strip() if element is not None else ""


def signature(member):
    kind = member.get("kind")
    name = member.findtext("name")
    if kind == "define":
        return f"#define {name} {text_of(member.find('initializer'))}"
    if kind == "enum":
        values = ", ".join(value.findtext("name") for value in member.findall("enumvalue"))
        return f"enum class {name} {{ {values} }}" if member.get("strong") == "yes" else f"enum {name} {{ {values} }}"
    type_ = text_of(member.find("type")).replace("BLIP_API ", "").replace("BLIP_C_API ", "")
    arguments = text_of(member.find("argsstring"))
    initializer = text_of(member.find("initializer")) if kind == "variable" else ""
    static = "static " if member.get("static") == "yes" and kind == "function" else ""
    if kind == "typedef":
        return text_of(member.find("definition"))
    return f"{static}{type_} {name}{arguments}{' ' + initializer if initializer else ''}".strip()


def members_of(compound):
    for member in compound.iter("memberdef"):
        if member.get("prot") == "public" and not text_of(member.find("argsstring")).endswith("=delete"):
            yield member


def member_lines(members, language):
    lines = []
    for member in members:
        lines += [f"```{language}", signature(member), "```", ""]
        description = said(member)
        if description:
            lines += [description, ""]
        for value in member.findall("enumvalue"):
            if said(value):
                lines.append(f"- `{value.findtext('name')}`: {said(value)}")
        lines.append("")
    return lines


def compounds(folder, kinds):
    for file in sorted(folder.glob("*.xml")):
        for compound in ElementTree.parse(file).getroot().iter("compounddef"):
            if compound.get("kind") in kinds and compound.get("prot", "public") == "public":
                yield compound


def cpp_page(folder):
    lines = ["# C++", "", "```cpp", "#include <blip/blip.hpp>", "```", "",
             "Made from the headers in `include/blip/`. [The quick start](../quick-start.md) begins with programs.", ""]
    for compound in compounds(folder, {"class", "struct"}):
        lines += [f"## {compound.findtext('compoundname').removeprefix('blip::')}", ""]
        location = compound.find("location").get("file", "")
        lines += [f"`#include <blip/{Path(location).name}>`", "", said(compound), ""]
        lines += member_lines(members_of(compound), "cpp")
    lines += ["## Functions, types and constants", ""]
    for compound in compounds(folder, {"namespace"}):
        lines += member_lines(members_of(compound), "cpp")
    return lines


def c_page(folder):
    lines = ["# C", "", "```c", "#include <blip.h>", "```", "",
             "Made from `include/blip.h`. [The guide](../c-interface.md) begins with a program.", ""]
    for compound in compounds(folder, {"struct"}):
        lines += [f"## {compound.findtext('compoundname')}", "", said(compound), ""]
        lines += member_lines(members_of(compound), "c")
    lines += ["## Functions and types", ""]
    for compound in compounds(folder, {"file"}):
        lines += member_lines((each for each in members_of(compound) if each.get("kind") != "define"), "c")
    return lines


def main():
    folder, language, page = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    lines = cpp_page(folder) if language == "cpp" else c_page(folder)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("\n".join(lines) + "\n")


main()

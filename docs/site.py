"""What mkdocs does with pages that are written for a checkout: the root's pages (README.md as the home page) join the site, and links
to files that are not part of it become plain text with the file's name."""

import re
from pathlib import Path, PurePosixPath

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parent.parent
ROOT_PAGES = {"README.md": "index.md", **{name: name for name in ("CHANGELOG.md", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "SECURITY.md")}}
LINK = re.compile(r'(?P<image>!?)\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<target>[^)#\s]*)(?P<anchor>#[^)\s]*)?\)')
FENCE = re.compile(r"(^ *```.*?^ *```$)", re.M | re.S)


def on_files(files, config):
    for name, page in ROOT_PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / name).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown, page, config, files):
    """Rewrites links and images, outside of code."""
    folder = page_folder(page.file.src_uri)
    parts = FENCE.split(markdown)
    for index in range(0, len(parts), 2):
        parts[index] = LINK.sub(lambda link: rewritten(link, folder, page.file.src_uri, files), parts[index])
        parts[index] = re.sub(r'(<img src=")docs/', r"\1", parts[index]) if page.file.src_uri in ROOT_PAGES.values() else parts[index]
    return "".join(parts)


def page_folder(uri):
    """Where a page is in the checkout, relative to its root."""
    return PurePosixPath() if uri in ROOT_PAGES.values() else PurePosixPath("docs") / PurePosixPath(uri).parent


def rewritten(link, folder, uri, files):
    target, anchor = link["target"], link["anchor"] or ""
    if not target or re.match(r"[a-z]+:", target):
        return link[0]
    path = normal(folder / target)
    inside = ROOT_PAGES.get(str(path)) or (str(path.relative_to("docs")) if path.parts[:1] == ("docs",) else None)
    if inside and files.get_file_from_path(inside):
        return f"{link['image']}[{link['text']}]({relative(inside, uri)}{anchor})"
    plain = link["text"].strip("`")
    return f"`{path}`" if plain in (str(path), path.name, target) else f"{link['text']} (`{path}`)"


def normal(path):
    parts = []
    for part in path.parts:
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return PurePosixPath(*parts)


def relative(target, uri):
    return "../" * (len(PurePosixPath(uri).parts) - 1) + target

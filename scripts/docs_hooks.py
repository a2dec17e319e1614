"""What mkdocs is told of this repository: pages beside docs/, and the order of all pages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
#: Pages that lie beside the folder of the documentation, and their places in the site.
BESIDE = {
    "README.md": "readme.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
_LINK = re.compile(r"(?<=\]\()([^)\s]+)(?=\))")
_ENTRY = re.compile(r"- \[([^\]]+)\]\(([^)#]+\.md)\)")


def on_config(config: Any) -> Any:
    """Order the pages as docs/index.md lists them: each of its headings is a section."""
    sections: list[Any] = [{"Home": "index.md"}]
    text = (ROOT / "docs/index.md").read_text(encoding="utf-8")
    for part in text.split("\n## ")[1:]:
        title, _, body = part.partition("\n")
        entries = [{name: _in_site(link)} for name, link in _ENTRY.findall(body)]
        sections.append({title: entries})
    decisions = [f"decisions/{path.name}" for path in sorted(ROOT.glob("docs/decisions/0*.md"))]
    flights = {"The flights of the tutorial": "examples/flights/README.md"}
    more = [{"README": "readme.md"}, {"Changelog": "changelog.md"}, flights, {"Records": decisions}]
    sections.append({"More": more})
    config.nav = sections
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the pages beside the folder, and the files of the repository that pages link to."""
    pages = {name: name for name in BESIDE}
    pages |= {f"docs/{file.src_uri}": file.src_uri for file in files.documentation_pages()}
    linked: set[str] = set()
    for name in pages:
        for link in _LINK.findall((ROOT / name).read_text(encoding="utf-8")):
            linked.add(_named(name, link.partition("#")[0]))
    for name in sorted({*BESIDE, *linked}):
        if name and not name.startswith("docs/") and (ROOT / name).is_file():
            place = BESIDE.get(name, name)
            files.append(File.generated(config, place, abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Lead links between docs/ and what lies beside it to their places in the site."""
    place = page.file.src_uri
    known = {moved: name for name, moved in BESIDE.items()}
    source = known.get(place) or (place if (ROOT / place).is_file() else f"docs/{place}")

    def led(link: re.Match[str]) -> str:
        path, hash_, anchor = link[0].partition("#")
        name = _named(source, path)
        if not name or not (ROOT / name).exists():
            return link[0]
        target = BESIDE.get(name, name.removeprefix("docs/"))
        return "../" * place.count("/") + target + hash_ + anchor

    return _LINK.sub(led, markdown)


def _named(source: str, link: str) -> str:
    """Give the file of this repository that a page's link names; empty if it names none."""
    if not link or "://" in link:
        return ""
    target = (ROOT / source).parent.joinpath(link).resolve()
    return target.relative_to(ROOT).as_posix() if target.is_relative_to(ROOT) else ""


def _in_site(link: str) -> str:
    return BESIDE.get(link.removeprefix("../"), link)

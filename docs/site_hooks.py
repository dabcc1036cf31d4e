"""Hooks of the documentation site (mkdocs.yml): pages from outside of docs/, and links between all of them.

The pages are written to be read in the repository, too. So their links are those of the repository. They are changed
here.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

ROOT = Path(__file__).resolve().parents[1]
# Pages of the site that lie elsewhere in the repository.
ELSEWHERE = {
    "README.md": "index.md",
    "config/README.md": "configuration.md",
    "envs/README.md": "environments.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
}
LINK = re.compile(r"(?P<image>!?)\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<target>[^)\s]+)\)")
# Loaded from the network by the theme's plugin `offline`, and its copy in docs/.
WORKER, WORKER_COPY = "https://unpkg.com/iframe-worker/shim", "vendor/iframe-worker.js"
FENCED = re.compile(r"(^ *```.*?^ *```)", re.M | re.S)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages from elsewhere."""
    for path, page in ELSEWHERE.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, **_: object) -> str:
    """Lead the links of a page to pages of the site. A link to another file of the repository keeps its text alone."""
    sources = {site: path for path, site in ELSEWHERE.items()}
    source = sources.get(page.file.src_uri, f"docs/{page.file.src_uri}")
    parts = FENCED.split(markdown)
    # Every other part is code.
    parts[::2] = [LINK.sub(lambda match: link_for_site(match, source, config.repo_url), part) for part in parts[::2]]
    return "".join(parts)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Load the script of the search from the site itself."""
    return output.replace(WORKER, get_relative_url(WORKER_COPY, page.url))


def link_for_site(match: re.Match, source: str, repo_url: str | None) -> str:
    """Return a link for the site.

    Parameters
    ----------
    match : re.Match
        Of `LINK`.
    source : str
        Path of the page in the repository.
    repo_url : str or None
        Address of the repository, for files that are no pages.
    """
    target, _, anchor = match["target"].partition("#")
    if not target or re.match(r"[a-z]+:", target):
        return match[0]
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
    if path in ELSEWHERE:
        found = ELSEWHERE[path]
    elif path.startswith("docs/"):
        found = path.removeprefix("docs/")
    elif repo_url:
        found = f"{repo_url.rstrip('/')}/blob/HEAD/{path}"
    else:
        return match["text"]
    return f"{match['image']}[{match['text']}]({found}{'#' if anchor else ''}{anchor})"

"""The program that reads one page: from standard input to JSON on standard output. Run as a process
of its own; imports nothing of the bot."""

import codecs
import json
import resource
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lxml.html import HtmlElement  # type: ignore[import-untyped]

_MEMORY = 768 * 1024 * 1024
_CPU_S = 10
_LONGEST_TITLE = 300
# A text that begins so is what this says, whatever the server says of it.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MARKUP = frozenset({"text/html", "application/xhtml+xml"})


def bound() -> None:
    """Before anything of the page is seen: so much memory and time, and not one file to write."""
    for what, most in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, _CPU_S),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(what, (most, most))


def plain(content: bytes, charset: str) -> str:
    """Text as it is. Raises ValueError for what is none."""
    text = _decoded(content, charset)
    if text is None:
        text = content.decode("utf-8-sig", "replace")
    if "\0" in text:
        raise ValueError("not text")
    return text


def marked_up(content: bytes, charset: str, url: str) -> tuple[str, str]:
    """Title and text of HTML: what it is about, or else all that it says."""
    # Loaded only here: other texts do not need it.
    from lxml.html import HTMLParser, document_fromstring  # noqa: PLC0415
    from trafilatura import extract, load_html  # noqa: PLC0415

    text = _decoded(content, charset)
    given = content if text is None else text
    if not given.strip():
        return "", ""
    found = extract(load_html(given), url=url, output_format="markdown", include_links=True)
    # What is decoded already says nothing of how; else the page's own word counts.
    written = None if text is None else "utf-8"
    whole = document_fromstring(
        content if text is None else text.encode("utf-8", "replace"),
        parser=HTMLParser(encoding=written),
    )
    title = " ".join((whole.findtext(".//title") or "").split())[:_LONGEST_TITLE]
    return title, found or _all_text(whole)


def _all_text(page: "HtmlElement") -> str:
    for hidden in page.xpath("//script|//style|//head"):
        hidden.drop_tree()
    lines = (" ".join(text.split()) for text in page.itertext())
    return "\n".join(line for line in lines if line)


def _decoded(content: bytes, charset: str) -> str | None:
    """By its first bytes or by the server's word, else as UTF-8 where it is; None where not."""
    charset = next((name for mark, name in _MARKS if content.startswith(mark)), charset)
    try:
        if charset:
            return content.decode(codecs.lookup(charset).name, "replace")
    except (LookupError, ValueError):
        pass
    try:
        # By chance nothing else is.
        return content.decode()
    except ValueError:
        return None


def main() -> None:
    """Read one page."""
    bound()
    head, _, content = sys.stdin.buffer.read().partition(b"\n")
    given = json.loads(head)
    if given["type"] in _MARKUP:
        title, text = marked_up(content, given["charset"], given["url"])
    else:
        title, text = "", plain(content, given["charset"])
    # Half letters can be neither stored nor sent.
    text = text.encode("utf-8", "replace").decode().replace("\0", "")
    title = title.encode("utf-8", "replace").decode()
    most = given["most"]
    found = {"title": title, "text": text[:most], "more": max(0, len(text) - most)}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()

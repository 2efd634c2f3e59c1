"""Whether our merges say what git says, of many texts at once. Tests nothing itself."""

from collections.abc import Sequence

from core.state.text import Clean, Conflicted, Indivisible, Take, merge_text, resolve
from tests.core.state.git import Triple, merge_branches

# As `git merge-file` compares; the default strategy compares by histograms (decision 0091).
COMPARED = ("--strategy=recursive", "-Xdiff-algorithm=myers")


def disagreements(triples: Sequence[Triple]) -> list[object]:
    """What `git merge` makes differently: the verdict, the text, a place or a text of a hunk."""
    judged = merge_branches(triples, *COMPARED)
    ours = [_as_git_writes_it(triple) for triple in triples]
    return [
        (triple, git, own)
        for triple, git, own in zip(triples, judged, ours, strict=True)
        if (git.clean, without_returns(git)) != (own[0], without_returns(own))
    ]


def without_returns(judged: tuple[bool, bytes]) -> bytes:
    """In a conflict git ends its own lines, and open ends, as it guesses that the text does."""
    clean, content = judged
    return content if clean else content.replace(b"\r", b"")


def _as_git_writes_it(triple: Triple) -> tuple[bool, bytes]:
    match merge_text(*triple):
        case Clean(content=content):
            assert resolve(*triple, []) == content
            return True, content
        case Conflicted(hunks=hunks):
            marked = [
                b"<<<<<<< HEAD\n" + closed(hunk.ours.text)
                + b"=======\n" + closed(hunk.theirs.text) + b">>>>>>> theirs\n"
                for hunk in hunks
            ]  # fmt: skip
            return False, resolve(*triple, marked)
        case Indivisible():
            return False, triple.ours


def closed(text: bytes) -> bytes:
    """With its last line ended."""
    return text if not text or text.endswith(b"\n") else text + b"\n"


def all_of(choice: Take, triple: Triple) -> bytes:
    """The text with this choice for every hunk."""
    merge = merge_text(*triple)
    count = len(merge.hunks) if isinstance(merge, Conflicted) else 0
    return resolve(*triple, [choice] * count)

"""Makes the runtime ready to start: its bundle of compiled modules, the interpreter, its words."""

import hashlib
import marshal
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import MAGIC_NUMBER
from pathlib import Path

from core.errors import SandboxUnavailable
from core.subagents.sandbox import leftovers

PREFIX_INSIDE = Path("/opt/python")
BUNDLE_INSIDE = Path("/opt/thaw")
FLAGS = ("-I", "-S", "-B", "-X", "utf8")
"""Nothing of the environment, no site, no caches of compiled modules."""
NICE = "10"
"""How much the bot goes before its jobs when both want a core."""
_RUNTIME = Path(__file__).parent.parent / "runtime"
_UNCHECKED = (1).to_bytes(4, "little") + bytes(8)
"""The rest of a .pyc header that says: by hash, and never look at the source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """A Python that runs the bundle: `binary` as seen by the sandbox, `prefix` to be shown there.

    `prefix` is None when /usr holds it. `library` is where the sandbox finds its shared library.
    """

    binary: Path
    prefix: Path | None
    library: Path | None


def own_interpreter() -> Interpreter:
    """The real Python below this one: no shim, no virtual environment. As the host sees it."""
    prefix = Path(os.path.realpath(sys.base_prefix))
    binary = Path(os.path.realpath(getattr(sys, "_base_executable", sys.executable)))
    if not binary.is_relative_to(prefix):
        binary = prefix / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    shared = any((prefix / "lib").glob("libpython*.so*"))
    return Interpreter(binary=binary, prefix=prefix, library=prefix / "lib" if shared else None)


def inside_interpreter() -> Interpreter:
    """The same Python, as a sandbox sees it that shows /usr and the prefix at /opt/python."""
    own = own_interpreter()
    if own.prefix is None or own.prefix.is_relative_to("/usr"):
        return Interpreter(binary=own.binary, prefix=None, library=None)
    return Interpreter(
        binary=PREFIX_INSIDE / own.binary.relative_to(own.prefix),
        prefix=own.prefix,
        library=PREFIX_INSIDE / "lib" if own.library else None,
    )


def bundle(folder: Path) -> Path:
    """Compile the runtime into a folder below `folder`, once for each version of it.

    Blocks. Raises SandboxUnavailable when it cannot be written.
    """
    sources = {path.name: path.read_bytes() for path in sorted(_RUNTIME.glob("*.py"))}
    digest = hashlib.sha256(MAGIC_NUMBER + repr(sources).encode()).hexdigest()[:16]
    made = folder / f"runtime-{digest}"
    if made.is_dir():
        return made
    try:
        folder.mkdir(parents=True, exist_ok=True)
        spare = Path(tempfile.mkdtemp(dir=folder, prefix="making-"))
        _compile(sources, spare / "runtime")
        spare.chmod(0o755)
        try:
            spare.rename(made)
        except OSError:
            if not made.is_dir():
                raise
            shutil.rmtree(spare)  # another process was first
    except OSError as error:
        raise SandboxUnavailable(f"the subagents' program cannot be made ready: {error}") from error
    return made


def _compile(sources: dict[str, bytes], target: Path) -> None:
    target.mkdir(mode=0o755)
    target.chmod(0o755)
    for name, source in sources.items():
        code = compile(source, f"/opt/thaw/runtime/{name}", "exec", dont_inherit=True, optimize=2)
        path = target / f"{Path(name).stem}.pyc"
        path.write_bytes(MAGIC_NUMBER + _UNCHECKED + marshal.dumps(code))
        path.chmod(0o644)


def command(
    python: Path, bundled: Path, words: dict[str, str], sources: dict[str, str]
) -> list[str]:
    """The command line of the runtime.

    Words: `line` (number of the descriptor that leads to the host), `workspace`, `nice`, `become`
    (user id outside; it starts as root), `ahead` (the size of files is told later), `foster` (there
    is no namespace around it; a byte tells it that it is bounded), `off` (why commands are off).
    `sources` maps the names that are shown ("/sources/ci") to folders.
    """
    told = [f"{name}={value}" for name, value in words.items()]
    told += [f"source={shown}:{path}" for shown, path in sources.items()]
    told.append(f"bot={leftovers.own_name()}")  # the last one, see leftovers.py
    start = str(bundled / "runtime" / "start.pyc")
    return [str(python), *FLAGS, start, *told]


def environment(programs: Path, home: str) -> dict[str, str]:
    """All that the runtime and its commands find in their environment: nothing of the bot's."""
    return {
        "PATH": f"{programs}:/usr/local/bin:/usr/bin:/bin",
        "HOME": home,
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        # Caches are not the job's product, and the workspace is.
        "PYTHONDONTWRITEBYTECODE": "1",
        "XDG_CACHE_HOME": "/tmp/cache",  # noqa: S108 - the sandbox's own
    }

"""When and where Markdown is rendered: off the loop where it takes long, remembered after."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Sequence

_INLINE_LIMIT = 1_000  # characters: a quarter of a millisecond of rendering, of the worst 3 ms
_REMEMBERED = 2_000_000  # characters of Markdown and HTML


def _render_all(texts: Sequence[str]) -> list[str]:
    # Loaded at the first text: most starts of the bot show none, and being ready comes first.
    from adapters.web.markdown import render  # noqa: PLC0415

    return [render(text) for text in texts]


class Rendering:
    """Renders texts off the loop where that takes long, and remembers the latest."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, str] = OrderedDict()
        self._size = 0

    async def render(self, texts: Iterable[str], *, remember: bool = True) -> dict[str, str]:
        """HTML by text. `remember=False` is for texts that are about to change."""
        wanted = set(texts)
        made = {text: self._known[text] for text in wanted if text in self._known}
        missing = [text for text in wanted if text not in made]
        if sum(map(len, missing)) > _INLINE_LIMIT:
            fresh = await asyncio.to_thread(_render_all, missing)
        else:
            fresh = _render_all(missing)
        made.update(zip(missing, fresh, strict=True))
        if remember:
            for text in wanted:
                self._keep(text, made[text])
        return made

    def _keep(self, text: str, rendered: str) -> None:
        if text not in self._known:
            self._size += len(text) + len(rendered)
        self._known[text] = rendered
        self._known.move_to_end(text)
        while self._size > _REMEMBERED and self._known:
            gone, its = self._known.popitem(last=False)
            self._size -= len(gone) + len(its)

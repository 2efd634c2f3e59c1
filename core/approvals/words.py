"""A shell command as the simple commands it is made of. Pure; runs and expands nothing."""

from dataclasses import dataclass, field

LONGEST = 100_000
"""Characters of a command that are looked at."""


class Unclear(Exception):
    """What the command runs cannot be told from its text; says why, for people."""


@dataclass(slots=True, kw_only=True)
class Word:
    """One word without its quotes. `clear`: the shell makes nothing else of it."""

    text: str = ""
    clear: bool = True
    quoted: bool = False


@dataclass(slots=True)
class _Reader:
    """Reads letter by letter; where the shell's rules are more than these, it is Unclear."""

    text: str
    at: int = 0
    commands: list[list[Word]] = field(default_factory=lambda: [[]])
    word: Word | None = None
    target: bool = False

    def read(self) -> list[list[Word]]:
        while self.at < len(self.text):
            self._step(self.text[self.at])
        self._end_word()
        return [command for command in self.commands if command]

    def _step(self, letter: str) -> None:
        match letter:
            case " " | "\t":
                self._end_word()
            case "\n" | ";" | "&" | "|" | "(" | ")":
                self._end_word()
                self.target = False
                self.commands.append([])
            case "<" | ">":
                self._redirect()
                return
            case "#" if self.word is None:
                end = self.text.find("\n", self.at)
                self.at = (len(self.text) if end < 0 else end) - 1
            case "'":
                self._single()
            case '"':
                self._double()
            case "\\":
                self._escaped()
            case "`":
                raise Unclear("it runs what another command prints")
            case "$":
                self._dollar(quoted=False)
            case "*" | "?" | "[" | "]" | "{" | "}" | "~" | "!":
                self._take(letter, clear=False)
            case _:
                self._take(letter)
        self.at += 1

    def _take(self, text: str, *, clear: bool = True, quoted: bool = False) -> None:
        if self.word is None:
            self.word = Word()
        self.word.text += text
        self.word.clear = self.word.clear and clear
        self.word.quoted = self.word.quoted or quoted

    def _end_word(self) -> None:
        if self.word is not None and not self.target:
            self.commands[-1].append(self.word)
        if self.word is not None:
            self.target = False
        self.word = None

    def _redirect(self) -> None:
        if self.word is not None and self.word.text.isdigit():
            self.word = None  # the number of what is redirected
        self._end_word()
        while self.at < len(self.text) and self.text[self.at] in "<>&|":
            self.at += 1
        self.target = True

    def _single(self) -> None:
        end = self.text.find("'", self.at + 1)
        if end < 0:
            raise Unclear("a quote is not closed")
        self._take(self.text[self.at + 1 : end], quoted=True)
        self.at = end

    def _double(self) -> None:
        self._take("", quoted=True)
        self.at += 1
        while self.at < len(self.text) and self.text[self.at] != '"':
            letter = self.text[self.at]
            if letter == "\\":
                self._escaped(kept='"\\$`\n')
            elif letter == "`":
                raise Unclear("it runs what another command prints")
            elif letter == "$":
                self._dollar(quoted=True)
            else:
                self._take(letter)
            self.at += 1
        if self.at >= len(self.text):
            raise Unclear("a quote is not closed")

    def _escaped(self, kept: str = "") -> None:
        self.at += 1
        letter = self.text[self.at : self.at + 1]
        if not letter:
            raise Unclear("it ends with a backslash")
        if letter != "\n":
            # In double quotes a backslash before any other letter stays.
            self._take(letter if not kept or letter in kept else f"\\{letter}", quoted=True)

    def _dollar(self, *, quoted: bool) -> None:
        after = self.text[self.at + 1 : self.at + 2]
        if after == "(":
            raise Unclear("it runs what another command prints")
        if after == "'" and not quoted:
            raise Unclear("it has $'...', which can spell anything")
        self._take("$", clear=not (after.isalnum() or (after and after in "_{@*#?!$-\"'")))


def simple_commands(text: str) -> list[list[Word]]:
    """The simple commands of a shell's command line, in their order. Raises Unclear."""
    if len(text) > LONGEST:
        raise Unclear(f"it is longer than {LONGEST:,} characters")
    if "\0" in text:
        raise Unclear("it holds the sign that ends a text")
    return _Reader(text).read()

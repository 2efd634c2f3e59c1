"""Whether two patterns can mean the same thing. Matching a pattern with a text is fnmatch's."""


def overlap(one: str, other: str) -> bool:
    """Say whether some text matches both patterns (* any text, also none; ? one character)."""
    seen = {(0, 0)}
    open_pairs = [(0, 0)]
    while open_pairs:
        i, j = open_pairs.pop()
        if (i, j) == (len(one), len(other)):
            return True
        for pair in _steps(one, other, i, j):
            if pair not in seen:
                seen.add(pair)
                open_pairs.append(pair)
    return False


def _steps(one: str, other: str, i: int, j: int) -> list[tuple[int, int]]:
    left, right = one[i : i + 1], other[j : j + 1]
    steps = []
    if left == "*":
        steps += [(i + 1, j)] + ([(i, j + 1)] if right else [])
    if right == "*":
        steps += [(i, j + 1)] + ([(i + 1, j)] if left else [])
    if left and right and "*" not in (left, right) and (left == right or "?" in (left, right)):
        steps.append((i + 1, j + 1))
    return steps

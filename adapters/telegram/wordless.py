"""What is neither text nor file, in words; and whose words it is that a forward brings. Pure."""

from adapters.telegram.payload import Fields, number, part, parts, words

_LONGEST = 4000


def in_words(message: Fields) -> str:
    """A place, a contact or a poll as a line or some; "" for anything else."""
    venue, contact, poll = (part(message, kind) for kind in ("venue", "contact", "poll"))
    where = _point(part(message, "location"))
    if venue:
        found = ("Place", [words(venue, "title"), words(venue, "address"), where])
    elif where:
        found = ("Location", [where])
    elif contact:
        name = f"{words(contact, 'first_name')} {words(contact, 'last_name')}".strip()
        found = ("Contact", [name, words(contact, "phone_number")])
    elif poll:
        options = [f"\n- {words(one, 'text')}" for one in parts(poll, "options")]
        return f"Poll: {words(poll, 'question')}{''.join(options)}"[:_LONGEST]
    else:
        return ""
    kind, told = found
    return f"{kind}: {', '.join(one for one in told if one)}"[:_LONGEST]


def _point(location: Fields) -> str:
    found = [location.get(name) for name in ("latitude", "longitude")]
    good = [one for one in found if isinstance(one, int | float) and abs(one) <= 180]
    return ", ".join(f"{one:.6f}" for one in good) if len(good) == 2 else ""


def forwarded(message: Fields) -> str:
    """Who wrote first what this message passes on, if that is not who passes it on; else ""."""
    origin = part(message, "forward_origin")
    if not origin and "forward_date" not in message:
        return ""
    # Servers of before 2023 tell it in fields of the message itself.
    user = part(origin, "sender_user") or part(message, "forward_from")
    if user and number(user, "id") == number(part(message, "from"), "id"):
        return ""
    place = (
        part(origin, "sender_chat") or part(origin, "chat") or part(message, "forward_from_chat")
    )
    hidden = words(origin, "sender_user_name") or words(message, "forward_sender_name")
    name = f"{words(user, 'first_name')} {words(user, 'last_name')}".strip()
    return name or words(place, "title") or hidden or "somebody"


def passed_on(author: str, text: str) -> str:
    """The words of another, as a quotation: they are not the word of who passes them on."""
    lines = "\n".join(f"> {line}" for line in text.splitlines())
    return f"Forwarded from {' '.join(author.split())[:80]}:\n{lines}"

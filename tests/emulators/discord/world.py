"""What stands on the emulated Discord and what people see of it: users, guilds, channels, messages.

Data and the shapes of payloads; no rules of the API and no connections.
"""

import itertools
import re
import time
from dataclasses import dataclass, field
from typing import Any

Payload = dict[str, Any]

EPOCH_MS = 1_420_070_400_000
TEXT, DM, VOICE, ANNOUNCEMENT, PUBLIC_THREAD, PRIVATE_THREAD, FORUM = 0, 1, 2, 5, 11, 12, 15
THREADS = (10, PUBLIC_THREAD, PRIVATE_THREAD)

_counter = itertools.count(1)


def snowflake() -> str:
    """A fresh id as Discord makes them: time and a counter."""
    milliseconds = int(time.time() * 1000) - EPOCH_MS
    return str((milliseconds << 22) | (next(_counter) & 0x3FFFFF))


def stamp(at: float) -> str:
    """A time as Discord writes it."""
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at))
    return f"{whole}.{int(at % 1 * 1_000_000):06d}+00:00"


@dataclass(slots=True, eq=False)
class User:
    name: str
    id: str = field(default_factory=snowflake)
    bot: bool = False
    roles: tuple[str, ...] = ()

    def payload(self) -> Payload:
        return {
            "id": self.id, "username": self.name.lower(), "global_name": self.name,
            "discriminator": "0", "avatar": None, "bot": self.bot, "public_flags": 0,
        }  # fmt: skip

    def member(self) -> Payload:
        return {
            "roles": list(self.roles), "nick": None, "joined_at": stamp(0), "deaf": False,
            "mute": False, "flags": 0, "permissions": "0",
        }  # fmt: skip


@dataclass(slots=True, eq=False)
class Posted:
    """One message, with everything it ever said."""

    channel: "Channel"
    author: User
    content: str
    id: str = field(default_factory=snowflake)
    at: float = field(default_factory=time.time)
    embeds: list[Payload] = field(default_factory=list)
    components: list[Payload] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    attachments: list[Payload] = field(default_factory=list)
    pinged: list[str] = field(default_factory=list)
    reactions: list[str] = field(default_factory=list)
    history: list[str] = field(default_factory=list)
    edited_at: float | None = None
    flags: int = 0
    nonce: str | None = None
    answers: "Posted | None" = None
    webhook: str | None = None
    type: int = 0

    @property
    def buttons(self) -> dict[str, str]:
        """Custom ids by label."""
        return {
            button["label"]: button["custom_id"]
            for row in self.components
            for button in row["components"]
        }

    def payload(self, users: dict[str, User]) -> Payload:
        named = dict.fromkeys(re.findall(r"<@!?(\d+)>", self.content))
        mentions = [users[id].payload() for id in named if id in users]
        if self.answers is not None and self.answers.author.id not in named:
            mentions.append(self.answers.author.payload())
        made: Payload = {
            "id": self.id, "channel_id": self.channel.id, "author": self.author.payload(),
            "content": self.content, "timestamp": stamp(self.at),
            "edited_timestamp": None if self.edited_at is None else stamp(self.edited_at),
            "tts": False, "mention_everyone": False, "mentions": mentions,
            "mention_roles": re.findall(r"<@&(\d+)>", self.content),
            "attachments": self.attachments, "embeds": self.embeds, "pinned": False,
            "type": 19 if self.answers is not None else self.type, "flags": self.flags,
            "components": self.components,
        }  # fmt: skip
        if self.nonce is not None:
            made["nonce"] = self.nonce
        if self.webhook is not None:
            made["webhook_id"] = self.webhook
        if self.answers is not None:
            place = {"channel_id": self.channel.id, "guild_id": self.channel.guild}
            made["message_reference"] = {"type": 0, "message_id": self.answers.id, **place}
            made["referenced_message"] = self.answers.payload(users)
        return made


@dataclass(slots=True, eq=False)
class Channel:
    """A channel, DM or thread with its messages in order."""

    type: int
    guild: str | None = None
    name: str = "general"
    id: str = field(default_factory=snowflake)
    parent: str | None = None
    owner: str | None = None
    members: set[str] = field(default_factory=set)
    archived: bool = False
    locked: bool = False
    closed: bool = False
    messages: dict[str, Posted] = field(default_factory=dict)
    gone: list[Posted] = field(default_factory=list)

    def payload(self, me: str) -> Payload:
        made: Payload = {"id": self.id, "type": self.type, "name": self.name, "flags": 0}
        made["last_message_id"] = next(reversed(self.messages), None)
        if self.guild is not None:
            made |= {"guild_id": self.guild, "position": 0, "permission_overwrites": []}
        if self.type in THREADS:
            made |= {
                "parent_id": self.parent, "owner_id": self.owner, "message_count": 0,
                "member_count": len(self.members),
                "thread_metadata": {
                    "archived": self.archived, "locked": self.locked,
                    "auto_archive_duration": 1440, "archive_timestamp": stamp(0),
                },
            }  # fmt: skip
            if me in self.members:
                made["member"] = {"id": self.id, "user_id": me, "flags": 0}
        return made

    @property
    def texts(self) -> list[str]:
        """What people read here, oldest first."""
        return [message.content for message in self.messages.values()]


@dataclass(slots=True, eq=False)
class Guild:
    name: str = "Team"
    id: str = field(default_factory=snowflake)
    bot_role: str = field(default_factory=snowflake)
    outsiders: set[str] = field(default_factory=set)


class World:
    """All of it. `me` is the bot's user."""

    def __init__(self) -> None:
        self.me = User("Thaw", bot=True)
        self.users: dict[str, User] = {self.me.id: self.me}
        self.guilds: dict[str, Guild] = {}
        self.channels: dict[str, Channel] = {}

    def person(self, name: str, *, bot: bool = False, roles: tuple[str, ...] = ()) -> User:
        user = User(name, bot=bot, roles=roles)
        self.users[user.id] = user
        return user

    def guild(self) -> Guild:
        guild = Guild()
        self.guilds[guild.id] = guild
        return guild

    def channel(
        self, guild: Guild | None, kind: int = TEXT, *, parent: Channel | None = None,
        owner: User | None = None, name: str = "general", id: str | None = None,
    ) -> Channel:  # fmt: skip
        made = Channel(
            kind, None if guild is None else guild.id, name, id or snowflake(),
            None if parent is None else parent.id, None if owner is None else owner.id,
        )  # fmt: skip
        if owner is not None:
            made.members.add(owner.id)
        self.channels[made.id] = made
        return made

    def guild_payload(self, guild: Guild) -> Payload:
        mine = [one for one in self.channels.values() if one.guild == guild.id]
        role = {"id": guild.bot_role, "name": "Thaw", "tags": {"bot_id": self.me.id}}
        return {
            "id": guild.id, "name": guild.name, "owner_id": "1", "roles": [role], "emojis": [],
            "member_count": 2, "members": [], "presences": [], "large": False,
            "unavailable": False,
            "channels": [one.payload(self.me.id) for one in mine if one.type not in THREADS],
            "threads": [
                one.payload(self.me.id) for one in mine if one.type in THREADS and not one.archived
            ],
        }  # fmt: skip

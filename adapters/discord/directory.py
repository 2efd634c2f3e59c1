"""Which channels and threads there are, as the gateway tells. No messages, no people."""

from dataclasses import dataclass, replace

from adapters.discord.fields import (
    Payload,
    id_of,
    is_on,
    number,
    part,
    parts,
    shard_of,
    text,
    texts,
)
from core.messages import ChannelRef, ThreadRef

PLATFORM = "discord"
_THREADS = (10, 11, 12)
_PRIVATE_THREAD = 12
_WITH_THREADS = (0, 5)
_FORUMS = (15, 16)
_NO_TALK = (4, 14, *_FORUMS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One channel, DM or thread. `mine`: a thread that the bot is in."""

    id: str
    guild: str
    kind: int
    parent: str = ""
    mine: bool = False

    @property
    def is_dm(self) -> bool:
        """Whether only this person and the bot are here."""
        return not self.guild

    @property
    def is_thread(self) -> bool:
        """Whether it is a thread of a channel, forum or announcement channel."""
        return self.kind in _THREADS

    @property
    def grows_threads(self) -> bool:
        """Whether a message here can get a thread of its own."""
        return self.kind in _WITH_THREADS

    @property
    def thread(self) -> ThreadRef:
        """What the core calls it. A private thread is a channel of its own: who reads the channel
        around it must not find what was said inside."""
        inside = self.is_thread and self.kind != _PRIVATE_THREAD and self.parent
        channel = ChannelRef(
            platform=PLATFORM,
            workspace=self.guild or "dm",
            channel=self.parent if inside else self.id,
        )
        return ThreadRef(channel=channel, thread=self.id if inside else "")


class Directory:
    """The places known by now. `me` is the bot's user id, `roles` are its own roles."""

    def __init__(self) -> None:
        self.me = ""
        self.roles: frozenset[str] = frozenset()
        self._places: dict[str, Place] = {}
        self._guilds: dict[str, None] = {}
        self._forums: set[str] = set()

    @property
    def guilds(self) -> tuple[str, ...]:
        """The servers that the bot is in."""
        return tuple(self._guilds)

    def place(self, id: str, guild: str) -> Place | None:
        """The place of this id. What has no guild is a DM, which nobody announces."""
        if not guild:
            return Place(id=id, guild="", kind=1) if id else None
        found = self._places.get(id)
        return found if found is not None and found.guild == guild else None

    def stands_in(self, thread: ThreadRef, message: str) -> str:
        """The channel or thread that a message of a conversation is in: what a thread hangs on
        stands in the channel, but for the first message of a forum's post."""
        channel = thread.channel.channel
        hangs = thread.thread == message and channel not in self._forums
        return channel if hangs or not thread.thread else thread.thread

    def thread_known(self, id: str) -> bool:
        """Whether such a thread stands and is open."""
        return id in self._places

    def joined(self, id: str) -> None:
        """The bot wrote into this thread, which makes it a member."""
        found = self._places.get(id)
        if found is not None and found.is_thread and not found.mine:
            self._places[id] = replace(found, mine=True)

    def learn(self, payload: Payload, guild: str = "") -> Place | None:
        """Remember a channel or thread from its own description."""
        id, guild = id_of(payload), id_of(payload, "guild_id") or guild
        kind = number(payload, "type")
        if id and kind in _FORUMS:
            self._forums.add(id)
        if not id or not guild or kind < 0 or kind in _NO_TALK:
            return None
        known = self._places.get(id)
        mine = bool(part(payload, "member")) or id_of(payload, "owner_id") == self.me
        made = Place(
            id=id, guild=guild, kind=kind, parent=id_of(payload, "parent_id"),
            mine=mine or (known is not None and known.mine),
        )  # fmt: skip
        self._places[id] = made
        return made

    def apply(self, event: str, payload: Payload) -> None:
        """Follow an event of the gateway; what does not concern places is passed over."""
        match event:
            case "READY":
                self.me = id_of(part(payload, "user")) or self.me
                shard = shard_of(payload)
                others = [guild for guild in self._guilds if not is_on(shard, guild)]
                told = [id_of(one) for one in parts(payload, "guilds") if id_of(one)]
                self._guilds = dict.fromkeys([*others, *told])
            case "GUILD_CREATE":
                self._guild(payload)
            case "GUILD_DELETE":
                self._leave(id_of(payload))
            case "CHANNEL_CREATE" | "CHANNEL_UPDATE" | "THREAD_CREATE":
                self.learn(payload)
            case "THREAD_UPDATE":
                # It does not say whether the bot is in it. An unknown one, opened again after long,
                # is looked up when somebody speaks there.
                if id_of(payload) in self._places:
                    self.learn(payload)
            case "CHANNEL_DELETE" | "THREAD_DELETE":
                self._places.pop(id_of(payload), None)
            case "THREAD_LIST_SYNC":
                self._sync(payload)
            case "THREAD_MEMBERS_UPDATE":
                self._members(payload)
            case _:
                pass

    def _guild(self, payload: Payload) -> None:
        guild = id_of(payload)
        if guild:
            self._guilds[guild] = None
        for channel in (*parts(payload, "channels"), *parts(payload, "threads")):
            self.learn(channel, guild)
        own = {
            id_of(role)
            for role in parts(payload, "roles")
            if self.me and text(part(role, "tags"), "bot_id") == self.me
        }
        self.roles |= own

    def _leave(self, guild: str) -> None:
        self._guilds.pop(guild, None)
        left = [id for id, place in self._places.items() if place.guild == guild]
        for id in left:
            del self._places[id]

    def _sync(self, payload: Payload) -> None:
        guild = id_of(payload, "guild_id")
        for thread in parts(payload, "threads"):
            self.learn(thread, guild)
        for member in parts(payload, "members"):
            self.joined(id_of(member))

    def _members(self, payload: Payload) -> None:
        id = id_of(payload)
        if any(id_of(one, "user_id") == self.me for one in parts(payload, "added_members")):
            self.joined(id)
        found = self._places.get(id)
        if found is not None and self.me in texts(payload, "removed_member_ids"):
            self._places[id] = replace(found, mine=False)

"""Answers as they are written, in Slack's streams, and how a stream becomes the final message.

Slack ends a stream of its own accord after some minutes; then the same message is edited. What is
streamed may be lost at any moment: the final post brings the whole text.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import structlog

from adapters.slack import markdown, render
from adapters.slack.api import Api, Busy, Refused, Unclear, settled
from adapters.slack.fields import ts_of
from adapters.slack.posting import Posting, Undressed
from adapters.slack.render import Part
from core.errors import DeliveryRefused, StoreError
from core.messages import Post, StreamText, ThreadRef
from core.ports import Places

log = structlog.get_logger(__name__)

_ROOM = 9_000  # a longer answer is several messages: the others come at the end
_PACE_S = 0.7
_EDIT_PACE_S = 3.0
# Streams are few a minute: an answer that is whole by then is a message, at once.
_HOLD_S = 0.3
_RESERVE = 0.3
_OVER = "message_not_in_streaming_state"
_STUCK = "streaming_state_conflict"


@dataclass(slots=True)
class _Stream:
    """One answer that is being written. `sent` is what people see of it, `native` how."""

    thread: ThreadRef
    post_id: str
    reply_to: str | None
    reader: str | None
    wanted: str = ""
    ts: str | None = None
    sent: str = ""
    native: bool = True
    fresh: asyncio.Event = field(default_factory=asyncio.Event)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    task: "asyncio.Task[None] | None" = None


class Streams:
    """All answers that are being written. `reader` says who is to see a stream: who wrote the
    message of that id. `begun` is told of each stream that people see."""

    def __init__(
        self, api: Api, posting: Posting, places: Places,
        reader: Callable[[ThreadRef, str], str | None], begun: Callable[[ThreadRef], None],
        second: float = 1.0,
    ) -> None:  # fmt: skip
        self._api = api
        self._posting = posting
        self._places = places
        self._reader = reader
        self._begun = begun
        self._second = second
        self._streams: dict[str, _Stream] = {}

    def show(self, hint: StreamText) -> None:
        """The answer as far as it has come; returns at once."""
        key = _key(hint.thread, hint.post_id)
        stream = self._streams.get(key)
        if stream is None:
            reader = self._reader(hint.thread, hint.reply_to or "")
            direct = hint.thread.channel.channel.startswith("D")
            if not hint.thread.thread or not (reader or direct):
                return
            stream = _Stream(
                thread=hint.thread, post_id=hint.post_id, reply_to=hint.reply_to, reader=reader
            )
            self._streams[key] = stream
            stream.task = asyncio.create_task(self._run(stream), name=f"slack stream {key}")
        stream.wanted = hint.text
        stream.fresh.set()

    async def finish(self, post: Post, part: Part, marks: tuple[str, ...]) -> tuple[str, ...]:
        """Make the message that was streamed the post's first part, if there is one. `marks` are
        the post's places so far; returns those that it has then.

        Raises what Posting raises. After a restart the message is found by its place.
        """
        stream = await self._ended(post.thread, post.id)
        if stream is not None:
            marks = await self._places.of(post.thread.channel, post.id)
        if not marks or marks[0][0] != "~":
            return marks
        ts: str | None = marks[0][1:]
        if ts is not None and ts.startswith("?"):
            ts = await self._posting.lost_stream(post.thread, _since(post))
            if ts is not None:
                # Before it gets a name, by which it would not be found again this way.
                await self._places.keep(post.thread.channel, post.id, (f"~{ts}",))
        kept = ts is not None and await self._finalised(post, ts, part, stream)
        marks = (ts,) if kept and ts else ()
        await self._places.keep(post.thread.channel, post.id, marks)
        return marks

    async def abandon(self, post: Post) -> None:
        """Another post answers what a stream was to answer: leave that as it is."""
        for stream in tuple(self._streams.values()):
            same = stream.reply_to == post.reply_to and stream.thread == post.thread
            if same and stream.reply_to is not None and stream.post_id != post.id:
                await self._ended(stream.thread, stream.post_id)
                with suppress(Refused, Unclear, Busy):
                    if stream.ts is not None and stream.native:
                        channel = stream.thread.channel.channel
                        await self._api.call("chat.stopStream", channel=channel, ts=stream.ts)

    async def close(self) -> None:
        """Leave every stream as it is."""
        for stream in tuple(self._streams.values()):
            if stream.task is not None:
                await settled(stream.task)
        self._streams.clear()

    async def _ended(self, thread: ThreadRef, post_id: str) -> _Stream | None:
        stream = self._streams.pop(_key(thread, post_id), None)
        if stream is not None and stream.task is not None:
            # Not in the middle of a call: then nobody would know what people see.
            async with stream.turn:
                await settled(stream.task)
            stream.task = None  # which holds the stream: a circle, that would stay for long
        return stream

    async def _finalised(self, post: Post, ts: str, part: Part, stream: _Stream | None) -> bool:
        """False when a person deleted the message, or Slack lets nothing be made of it."""
        clean = (
            stream is not None and stream.ts == ts and stream.native and part.lead is not None
            and part.lead.startswith(stream.sent)
        )  # fmt: skip
        rest = part.lead[len(stream.sent) :] if clean and stream and part.lead else ""
        more: dict[str, Any] = {"metadata": self._posting.metadata(post.id, 0)}
        if clean:
            more |= {"markdown_text": rest or None, "blocks": list(part.tail) or None}
        channel = post.thread.channel.channel
        try:
            call = self._api.call("chat.stopStream", channel=channel, ts=ts, **more)
            await self._posting.guarded(call)
            stopped = True
        except (DeliveryRefused, Undressed) as error:
            # Over already, or gone; whatever else it is, an edit meets it again.
            if str(error) == "message_not_found":
                return False
            stopped = False
        if stopped and clean:
            return True
        named = self._posting.metadata(post.id, 0)
        try:
            await self._posting.update(post.thread, ts, part, metadata=named)
        except DeliveryRefused as error:
            if str(error) != _STUCK:
                raise
            with suppress(DeliveryRefused):
                delete = self._api.call("chat.delete", channel=channel, ts=ts)
                await self._posting.guarded(delete)
            return False
        return True

    async def _run(self, stream: _Stream) -> None:
        await asyncio.sleep(_HOLD_S * self._second)
        try:
            while True:
                await stream.fresh.wait()
                stream.fresh.clear()
                text = render.streaming(stream.wanted)
                if markdown.cost(text) > _ROOM:
                    return
                if text.strip() and text != stream.sent:
                    async with stream.turn:
                        await self._show(stream, text)
                    await asyncio.sleep(self._pace_s(stream))
        except (Refused, Unclear, Busy, StoreError) as error:
            log.info("an answer is streamed no further", post=stream.post_id, error=str(error))

    async def _show(self, stream: _Stream, text: str) -> None:
        if stream.ts is None:
            await self._start(stream, text)
        elif stream.native and text.startswith(stream.sent):
            await self._append(stream, text)
        else:
            stream.native = False
            await self._edit(stream, text)

    async def _start(self, stream: _Stream, text: str) -> None:
        channel, id = stream.thread.channel, stream.post_id
        if await self._places.of(channel, id):
            raise Busy(0.0)  # the answer of a turn that was cut off stands there already
        # Taken before anything is kept: who found the limit full only then would wait for a
        # minute, and the answer with it.
        if not self._api.limits.take("chat.startStream"):
            raise Busy(60.0)
        await self._places.keep(channel, id, (f"~?{id}",))
        try:
            answer = await self._api.call_taken(
                "chat.startStream",
                channel=channel.channel,
                thread_ts=stream.thread.thread,
                recipient_user_id=stream.reader,
                recipient_team_id=channel.workspace if stream.reader else None,
                markdown_text=text,
            )
        except (Refused, Busy):
            await self._places.keep(channel, id, ())
            raise
        stream.ts, stream.sent = ts_of(answer, "ts"), text
        if stream.ts is None:
            raise Unclear("Slack's answer names no message")
        self._begun(stream.thread)
        await self._places.keep(channel, id, (f"~{stream.ts}",))

    async def _append(self, stream: _Stream, text: str) -> None:
        if not self._api.limits.free("chat.appendStream"):
            return
        piece = text[len(stream.sent) :]
        try:
            await self._api.call(
                "chat.appendStream", channel=stream.thread.channel.channel, ts=stream.ts,
                markdown_text=piece,
            )  # fmt: skip
        except Refused as error:
            if error.error != _OVER:
                raise
            stream.native = False
            await self._edit(stream, text)
        except Unclear:
            # Whether the piece is there nobody knows: from now on the whole text is shown.
            stream.native = False
            raise
        else:
            stream.sent = text

    async def _edit(self, stream: _Stream, text: str) -> None:
        if not self._api.limits.free("chat.update", keep=_RESERVE):
            return
        await self._api.call(
            "chat.update", channel=stream.thread.channel.channel, ts=stream.ts, text="…",
            blocks=[{"type": "markdown", "text": text}],
        )  # fmt: skip
        stream.sent = text

    def _pace_s(self, stream: _Stream) -> float:
        # All streams share one limit: the more there are, the slower each.
        pace = _PACE_S if stream.native else _EDIT_PACE_S
        return pace * max(1, len(self._streams)) * self._second


def _key(thread: ThreadRef, post_id: str) -> str:
    return f"{thread.channel} {post_id}"


def _since(post: Post) -> float:
    try:
        return float(post.reply_to or "")
    except ValueError:
        return post.at - 3600.0

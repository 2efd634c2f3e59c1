"""Files both ways: what people send is fetched, what jobs made is uploaded."""

import re
from collections.abc import AsyncGenerator, Sequence
from urllib.parse import urlsplit

import aiohttp

from adapters.slack.api import Api, Busy, Refused, Unclear
from adapters.slack.events import FileRef, Json
from adapters.slack.fields import map_of, text_of
from adapters.slack.render import Upload
from adapters.slack.translate import file_ref
from core.errors import BadRequest, DeliveryFailed, said
from core.messages import Attachment, ChannelRef, ThreadRef
from core.messages.queries import ReadFile
from core.messages.views import FileView
from core.ports import Door, Window

_CHUNK = 65_536
_FILE = re.compile(r"\w{1,64}", re.ASCII)
_SOON = (408, 425, 429)


class Files:
    """Fetches and uploads. The bot's token is shown to Slack's own hosts only."""

    def __init__(self, api: Api, api_url: str, token: str, window: Window) -> None:
        self._api = api
        self._home = urlsplit(api_url)
        self._token = token
        self._window = window

    async def fetched(self, refs: Sequence[FileRef], door: Door) -> tuple[Attachment, ...]:
        """The files of a message, as the door took them."""
        taken = list[Attachment]()
        for told in refs:
            ref = await self._whole(told) if told.ask else told
            try:
                self._check(ref)
                file = await door.take(ref.name, self._content(ref), size=ref.size, after=taken)
            except BadRequest as error:
                file = Attachment(name=ref.name, problem=str(error))
            taken.append(file)
        return tuple(taken)

    async def produced(
        self, channel: ChannelRef, paths: Sequence[str]
    ) -> tuple[tuple[Upload, ...], tuple[str, ...]]:
        """The workspace files that a post refers to, and a line for each that cannot be had."""
        uploads, lacking = list[Upload](), list[str]()
        for path in paths:
            try:
                view = await self._window.look(ReadFile(channel=channel, path=path))
            except BadRequest as error:
                lacking.append(f"{path}: {error}")
                continue
            if isinstance(view, FileView) and view.content:
                uploads.append(Upload(name=path.rpartition("/")[2], content=view.content))
            else:
                lacking.append(f"{path}: it is empty")
        return tuple(uploads), tuple(lacking)

    async def stored(self, upload: Upload) -> str:
        """Bring a file to Slack, where nobody sees it yet; returns its id. Raises as a call."""
        given = await self._api.call(
            "files.getUploadURLExternal", filename=upload.name, length=len(upload.content)
        )
        url, id = text_of(given, "upload_url"), text_of(given, "file_id")
        if not _FILE.fullmatch(id):
            raise Unclear("Slack's answer names no file")
        try:
            async with self._api.session.post(url, data=upload.content) as answer:
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Unclear(f"the upload failed: {said(error)}") from error
        if 400 <= status < 500 and status not in _SOON:
            raise Refused(f"HTTP {status}")
        if status != 200:
            raise Unclear(f"the upload was answered with {status}")
        return id

    async def share(self, thread: ThreadRef, file: str, name: str) -> Json:
        """Show an uploaded file in a thread."""
        return await self._api.call(
            "files.completeUploadExternal",
            files=[{"id": file, "title": name}],
            channel_id=thread.channel.channel,
            thread_ts=thread.thread or None,
        )

    async def is_shared(self, thread: ThreadRef, file: str) -> bool:
        """Whether an uploaded file is seen in the channel."""
        try:
            answer = await self._api.call("files.info", file=file)
        except Refused:
            return False
        except (Unclear, Busy) as error:
            raise DeliveryFailed(str(error)) from error
        shares = map_of(map_of(answer, "file"), "shares")
        return any(map_of(shares, kind).get(thread.channel.channel) for kind in shares)

    async def _whole(self, ref: FileRef) -> FileRef:
        try:
            answer = await self._api.call("files.info", file=ref.ask)
        except (Refused, Unclear, Busy):
            return ref
        return file_ref(answer["file"]) if map_of(answer, "file") else ref

    def _check(self, ref: FileRef) -> None:
        if not ref.url:
            raise BadRequest("it is not kept at Slack")
        if not self._is_slack(ref.url):
            raise BadRequest("its address is not Slack's")

    async def _content(self, ref: FileRef) -> AsyncGenerator[bytes, None]:
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            # A redirect would lead away from the host that was checked.
            async with self._api.session.get(
                ref.url, headers=headers, allow_redirects=False
            ) as answer:
                page = answer.content_type == "text/html" and ref.mimetype != "text/html"
                if answer.status != 200 or page:
                    raise BadRequest("Slack does not hand it out; the app may lack files:read")
                async for chunk in answer.content.iter_chunked(_CHUNK):
                    yield chunk
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise BadRequest("it could not be fetched; please send it again") from error

    def _is_slack(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
        except ValueError:
            return False
        if parts.netloc == self._home.netloc:
            return parts.scheme == self._home.scheme
        host = parts.hostname or ""
        homes = ("slack.com", self._home.hostname or "slack.com")
        return parts.scheme == "https" and any(
            host == home or host.endswith(f".{home}") for home in homes
        )

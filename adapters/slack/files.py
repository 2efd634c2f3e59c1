"""Files both ways: what people send is fetched, what jobs made is uploaded."""

from collections.abc import Sequence
from urllib.parse import urlsplit

import aiohttp

from adapters.slack.api import Api, Json, Refused, Unclear
from adapters.slack.events import FileRef
from adapters.slack.render import Upload
from core.errors import BadRequest, DeliveryFailed, DeliveryRefused
from core.messages import Attachment, ChannelRef, ThreadRef
from core.messages.queries import ReadFile
from core.messages.views import FileView
from core.ports import Window

MOST_FILES = 10
LARGEST = 20_000_000
LARGEST_ALL = 50_000_000
_CHUNK = 65_536


class Files:
    """Fetches and uploads. The bot's token is shown to Slack's own hosts only."""

    def __init__(self, api: Api, api_url: str, token: str, window: Window) -> None:
        self._api = api
        self._home = urlsplit(api_url)
        self._token = token
        self._window = window

    async def fetched(
        self, refs: Sequence[FileRef]
    ) -> tuple[tuple[Attachment, ...], tuple[str, ...]]:
        """The files of a message, and a line for each that is not taken: which and why."""
        taken, refused, size = list[Attachment](), list[str](), 0
        for number, ref in enumerate(refs):
            reason = self._too_much(ref, number, size)
            if not reason:
                try:
                    content = await self._fetch(ref)
                except BadRequest as error:
                    reason = str(error)
                else:
                    size += len(content)
                    taken.append(Attachment(name=ref.name, content=content))
                    continue
            refused.append(f"{ref.name}: {reason}")
        return tuple(taken), tuple(refused)

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
        """Bring a file to Slack, where nobody sees it yet; returns its id."""
        try:
            given = await self._api.call(
                "files.getUploadURLExternal", filename=upload.name, length=len(upload.content)
            )
            url = str(given.get("upload_url"))
            async with self._api.session.post(url, data=upload.content) as answer:
                if answer.status != 200:
                    raise DeliveryFailed(f"the upload was answered with {answer.status}")
        except Refused as error:
            raise DeliveryRefused(error.error) from error
        except (Unclear, aiohttp.ClientError, TimeoutError) as error:
            raise DeliveryFailed(f"the upload failed: {error!r}") from error
        return str(given.get("file_id"))

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
        except Unclear as error:
            raise DeliveryFailed(str(error)) from error
        shares = (answer.get("file") or {}).get("shares") or {}
        return any(thread.channel.channel in channels for channels in shares.values())

    @staticmethod
    def _too_much(ref: FileRef, number: int, size: int) -> str:
        if number >= MOST_FILES:
            return f"{MOST_FILES} files a message are the most"
        if ref.size > LARGEST:
            return f"it has {ref.size / 1e6:.1f} MB; {LARGEST // 10**6} MB are the most"
        if size + ref.size > LARGEST_ALL:
            return f"the files have more than {LARGEST_ALL // 10**6} MB together"
        return "" if ref.url else "it is not kept at Slack"

    async def _fetch(self, ref: FileRef) -> bytes:
        if not self._is_slack(ref.url):
            raise BadRequest("its address is not Slack's")
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            # A redirect would lead away from the host that was checked.
            async with self._api.session.get(
                ref.url, headers=headers, allow_redirects=False
            ) as answer:
                page = answer.content_type == "text/html" and ref.mimetype != "text/html"
                if answer.status != 200 or page:
                    raise BadRequest("Slack does not hand it out; the app may lack files:read")
                return await _read(answer)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise BadRequest("it could not be fetched; please send it again") from error

    def _is_slack(self, url: str) -> bool:
        parts = urlsplit(url)
        if parts.netloc == self._home.netloc:
            return parts.scheme == self._home.scheme
        host = parts.hostname or ""
        return parts.scheme == "https" and (host == "slack.com" or host.endswith(".slack.com"))


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK):
        content += chunk
        if len(content) > LARGEST:
            raise BadRequest(f"it has more than {LARGEST // 10**6} MB")
    return bytes(content)

from adapters.slack.adapter import SlackAdapter
from adapters.slack.files import LARGEST
from tests.adapters.slack.fake_core import FakeCore
from tests.emulators.slack import Human, SlackServer


async def test_files_come_with_their_message(
    adapter: SlackAdapter, core: FakeCore, anna: Human
) -> None:
    await anna.ask("look at these", files=(("ci.log", b"red\n"), ("päge.html", b"<p>x")))
    message = await core.message()
    assert [(f.name, f.content) for f in message.files] == [
        ("ci.log", b"red\n"), ("päge.html", b"<p>x"),
    ]  # fmt: skip


async def test_a_file_without_words_is_a_message(
    adapter: SlackAdapter, core: FakeCore, anna: Human
) -> None:
    await anna.ask("", files=(("ci.log", b"red\n"),))
    message = await core.message()
    assert (message.text, [file.name for file in message.files]) == ("", ["ci.log"])


async def test_what_is_too_large_is_not_fetched_and_that_is_told(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, anna: Human
) -> None:
    said = anna.write("<@U0BOT> big")
    event = anna.event_of(said)
    file = anna._upload("big.bin", b"x")
    event["files"] = [file | {"size": LARGEST + 1}, *([file] * 12)]
    await anna.send(event)
    message = await core.message()
    await slack.workspace.until(lambda: slack.workspace.hints("U0ANNA"))
    told = slack.workspace.hints("U0ANNA")[0].text
    assert "big.bin: it has 20.0 MB; 20 MB are the most" in told
    assert "10 files a message are the most" in told
    assert len(message.files) == 9


async def test_a_size_that_lies_does_not_help(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, anna: Human
) -> None:
    said = anna.write("<@U0BOT> big")
    event = anna.event_of(said)
    event["files"] = [anna._upload("big.bin", b"x" * (LARGEST + 1)) | {"size": 5}]
    await anna.send(event)
    assert (await core.message()).files == ()


async def test_the_token_is_shown_to_slack_only(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, anna: Human
) -> None:
    said = anna.write("<@U0BOT> odd")
    event = anna.event_of(said)
    file = anna._upload("a.txt", b"x")
    async with SlackServer() as evil:
        # It would hand the file out to who shows the token.
        evil.workspace.files = slack.workspace.files
        here = str(file["url_private"]).replace(slack.root, evil.root)
        hosts = (here, "https://slack.com.evil.example/x", "file:///etc/passwd", "")
        event["files"] = [file | {"url_private": u, "url_private_download": u} for u in hosts]
        await anna.send(event)
        assert (await core.message()).files == ()
    await slack.workspace.until(lambda: slack.workspace.hints("U0ANNA"))
    assert slack.workspace.hints("U0ANNA")[0].text.count("a.txt:") == 4


async def test_slacks_sign_in_page_is_not_taken_for_a_file(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, anna: Human
) -> None:
    said = anna.write("<@U0BOT> page")
    event = anna.event_of(said)
    file = anna._upload("a.txt", b"x")
    slack.workspace.files[file["id"]].mimetype = "text/html"
    event["files"] = [file | {"mimetype": "text/plain"}]
    await anna.send(event)
    assert (await core.message()).files == ()
    await slack.workspace.until(lambda: slack.workspace.hints("U0ANNA"))
    assert "files:read" in slack.workspace.hints("U0ANNA")[0].text


async def test_a_message_that_comes_again_is_not_fetched_again(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, anna: Human
) -> None:
    said = anna.write("<@U0BOT> look")
    event = anna.event_of(said)
    event["files"] = [anna._upload("a.txt", b"x")]
    await anna.send(event)
    slack.workspace.files.clear()
    await anna.send(event)
    await anna.send(event | {"type": "app_mention"})
    assert [file.content for file in (await core.message()).files] == [b"x"]
    assert slack.workspace.hints("U0ANNA") == []

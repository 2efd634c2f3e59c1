from adapters.slack.adapter import SlackAdapter
from core.messages.limits import LARGEST_FILE
from tests.adapters.slack.fake_core import FakeCore
from tests.emulators.slack import Human, SlackServer


async def test_files_come_with_their_message(
    adapter: SlackAdapter, core: FakeCore, anna: Human
) -> None:
    await anna.ask("look at these", files=(("ci.log", b"red\n"), ("päge.html", b"<p>x")))
    message = await core.message()
    assert core.files(message) == [("ci.log", b"red\n"), ("päge.html", b"<p>x")]


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
    event["files"] = [file | {"size": LARGEST_FILE + 2**20}, *([file] * 12)]
    await anna.send(event)
    message = await core.message()
    assert core.problems(message) == [
        "big.bin: it has 21 MB; 20 MB are the most for one file",
        *(["big.bin: 10 files with one message are the most"] * 2),
    ]
    assert len(core.files(message)) == len(core.asked) == 10


async def test_a_size_that_lies_does_not_help(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, anna: Human
) -> None:
    said = anna.write("<@U0BOT> big")
    event = anna.event_of(said)
    event["files"] = [anna._upload("big.bin", b"x" * (LARGEST_FILE + 1)) | {"size": 5}]
    await anna.send(event)
    problems = core.problems(await core.message())
    assert problems == ["big.bin: it has more than 20 MB; 20 MB are the most for one file"]


async def test_a_file_of_a_shared_channel_is_asked_for(
    adapter: SlackAdapter, core: FakeCore, anna: Human
) -> None:
    said = anna.write("<@U0BOT> look")
    event = anna.event_of(said)
    file = anna._upload("ci.log", b"red\n")
    known = {"id": file["id"], "file_access": "check_file_info"}
    event["files"] = [known, {"id": "FNONE", "file_access": "check_file_info"}]
    await anna.send(event)
    message = await core.message()
    assert core.files(message) == [("ci.log", b"red\n")]
    assert core.problems(message) == ["file: it is not kept at Slack"]


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
        evil_hosts = (here, "https://slack.com.evil.example/x", "file:///etc/passwd", "http://[::1")
        hosts = (*evil_hosts, f"{slack.root}:99999999/x", "")
        event["files"] = [file | {"url_private": u, "url_private_download": u} for u in hosts]
        await anna.send(event)
        message = await core.message()
    assert core.problems(message) == [
        *(["a.txt: its address is not Slack's"] * 5),
        "a.txt: it is not kept at Slack",
    ]
    assert core.files(message) == []


async def test_slacks_sign_in_page_is_not_taken_for_a_file(
    adapter: SlackAdapter, slack: SlackServer, core: FakeCore, anna: Human
) -> None:
    said = anna.write("<@U0BOT> page")
    event = anna.event_of(said)
    file = anna._upload("a.txt", b"x")
    slack.workspace.files[file["id"]].mimetype = "text/html"
    event["files"] = [file | {"mimetype": "text/plain"}]
    await anna.send(event)
    assert "files:read" in core.problems(await core.message())[0]


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
    assert core.files(await core.message()) == [("a.txt", b"x")]
    assert slack.workspace.hints("U0ANNA") == []

import asyncio

from adapters.slack.background import Background


async def test_what_lasts_begins_again_after_a_bug_and_ends_with_the_rest() -> None:
    background, lives, lasts = Background(first_wait_s=0.001), 0, asyncio.Event()

    async def run() -> None:
        nonlocal lives
        lives += 1
        if lives < 3:
            raise RuntimeError("a bug")
        lasts.set()
        await asyncio.Event().wait()

    background.keep(run, "part")
    async with asyncio.timeout(60):
        await lasts.wait()
    await background.close()
    assert lives == 3


async def test_what_is_begun_after_the_end_does_not_run() -> None:
    background, began = Background(), False

    async def run() -> None:
        nonlocal began
        began = True

    await background.close()
    background.keep(run, "part")
    await asyncio.sleep(0)
    assert not began

import asyncio
import subprocess
import sys

from adapters.web.rendering import Rendering


async def test_texts_come_back_rendered_under_themselves() -> None:
    rendered = await Rendering().render(["*a*", "b", "*a*"])
    assert rendered == {"*a*": "<p><em>a</em></p>\n", "b": "<p>b</p>\n"}


async def test_a_long_text_does_not_hold_the_loop() -> None:
    rendering = Rendering()
    await rendering.render(["warm"])
    turns, stop = 0, False

    async def watch() -> None:
        nonlocal turns
        while not stop:
            await asyncio.sleep(0)
            turns += 1

    watching = asyncio.create_task(watch())
    # Nested as deep as it is long: some 200 ms.
    await rendering.render([">" * 99_000])
    stop = True
    await watching
    # Held for all of it, the loop would turn twice; the interpreter switches every 5 ms.
    assert turns > 8


async def test_a_text_is_rendered_once_and_forgotten_when_others_came() -> None:
    rendering = Rendering()
    long = "word " * 15_000
    first = await rendering.render([long])
    assert (await rendering.render([long]))[long] is first[long]
    for number in range(30):
        await rendering.render([f"{number} " + "word " * 15_000])
    assert long not in rendering._known
    assert rendering._size <= 2_000_000


async def test_what_streams_is_not_remembered() -> None:
    rendering = Rendering()
    await rendering.render(["so far"], remember=False)
    assert not rendering._known


def test_the_libraries_are_not_loaded_before_the_first_text() -> None:
    code = "import sys, adapters.web; print({'pyromark', 'nh3'} & set(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "set()"

import asyncio

from adapters.discord.gate import Gate, Priority


async def test_no_more_than_so_many_arrive_in_any_time_however_long_they_travel() -> None:
    gate = Gate(most=5, seconds=0.1)
    loop = asyncio.get_running_loop()
    arrived: list[float] = []

    async def go(number: int) -> None:
        await gate.enter(Priority.ANSWER)
        try:
            await asyncio.sleep(0.12 if number < 4 else 0.0)  # the first ones are slow on their way
            arrived.append(loop.time())
        finally:
            gate.leave(Priority.ANSWER)

    await asyncio.gather(*(go(number) for number in range(18)))
    arrived.sort()
    assert all(later - first >= 0.095 for first, later in zip(arrived, arrived[5:], strict=False))
    assert gate.waiting == 0


async def test_what_people_wait_for_goes_first() -> None:
    gate = Gate(most=1, seconds=0.02)
    await gate.enter(Priority.PAINT)
    gate.leave(Priority.PAINT)
    order: list[Priority] = []

    async def go(priority: Priority) -> None:
        await gate.enter(priority)
        order.append(priority)
        gate.leave(priority)

    given = [Priority.PAINT, Priority.CARD, Priority.SEEN, Priority.ANSWER, Priority.SEEN]
    await asyncio.gather(*map(go, given))
    assert order == sorted(given)


async def test_who_goes_away_takes_no_place() -> None:
    gate = Gate(most=1, seconds=0.05)
    await gate.enter(Priority.ANSWER)
    leaving = asyncio.ensure_future(gate.enter(Priority.SEEN))
    staying = asyncio.ensure_future(gate.enter(Priority.PAINT))
    await asyncio.sleep(0)
    leaving.cancel()
    gate.leave(Priority.ANSWER)
    assert await asyncio.wait_for(staying, 60) > 0


async def test_who_goes_away_as_it_is_let_in_leaves_its_place_to_the_next() -> None:
    gate = Gate(most=1, seconds=0.0)
    await gate.enter(Priority.ANSWER)
    leaving = asyncio.ensure_future(gate.enter(Priority.SEEN))
    staying = asyncio.ensure_future(gate.enter(Priority.PAINT))
    await asyncio.sleep(0)
    gate.leave(Priority.ANSWER)
    asyncio.get_running_loop().call_later(0.0, leaving.cancel)
    assert await asyncio.wait_for(staying, 60) >= 0


async def test_what_is_painted_leaves_room_for_what_is_urgent() -> None:
    gate = Gate(most=20, seconds=5.0)
    paints = [asyncio.ensure_future(gate.enter(Priority.PAINT)) for _ in range(40)]
    await asyncio.sleep(0)
    assert sum(one.done() for one in paints) == 16
    assert await asyncio.wait_for(gate.enter(Priority.ANSWER), 1) == 0
    assert await asyncio.wait_for(gate.enter(Priority.SEEN), 1) == 0
    for one in paints:
        one.cancel()


async def test_cards_go_on_moving_however_much_is_said() -> None:
    gate = Gate(most=18, seconds=5.0)
    for _ in range(14):
        await gate.enter(Priority.ANSWER)
    assert await asyncio.wait_for(gate.enter(Priority.PAINT), 1) == 0
    blocked = asyncio.ensure_future(gate.enter(Priority.PAINT))
    await asyncio.sleep(0)
    assert not blocked.done()
    assert await asyncio.wait_for(gate.enter(Priority.ANSWER), 1) == 0
    blocked.cancel()

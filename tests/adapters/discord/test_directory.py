from adapters.discord.directory import Directory, Place

GUILD = {
    "id": "9",
    "channels": [{"id": "11", "type": 0}, {"id": "14", "type": 4}, {"id": "15", "type": 15}],
    "threads": [{"id": "12", "type": 11, "parent_id": "11", "member": {"user_id": "100"}}],
}


def known() -> Directory:
    made = Directory()
    made.apply("READY", {"user": {"id": "100"}})
    made.apply("GUILD_CREATE", GUILD)
    return made


def place(directory: Directory, id: str) -> Place:
    found = directory.place(id, "9")
    assert found is not None
    return found


def test_a_server_brings_its_channels_and_threads() -> None:
    directory = known()
    assert place(directory, "11").thread.channel.channel == "11"
    assert (place(directory, "12").thread.channel.channel, place(directory, "12").mine) == (
        "11", True,
    )  # fmt: skip
    assert directory.place("14", "9") is None  # a category


def test_a_channel_is_only_found_in_its_own_server() -> None:
    assert known().place("11", "8") is None


def test_threads_come_and_go_and_the_bot_in_them() -> None:
    directory = known()
    directory.apply("THREAD_CREATE", {"id": "13", "guild_id": "9", "type": 11, "parent_id": "11"})
    assert not place(directory, "13").mine
    joined = {"id": "13", "guild_id": "9", "added_members": [{"user_id": "100"}]}
    directory.apply("THREAD_MEMBERS_UPDATE", joined)
    assert place(directory, "13").mine
    directory.apply("THREAD_UPDATE", {"id": "13", "guild_id": "9", "type": 11, "parent_id": "11"})
    assert place(directory, "13").mine
    directory.apply("THREAD_MEMBERS_UPDATE", {"id": "13", "removed_member_ids": ["100"]})
    assert not place(directory, "13").mine
    directory.apply("THREAD_DELETE", {"id": "13"})
    assert directory.place("13", "9") is None


def test_a_thread_that_the_bot_made_is_its_own() -> None:
    directory = known()
    made = {"id": "13", "guild_id": "9", "type": 11, "parent_id": "11", "owner_id": "100"}
    directory.apply("THREAD_CREATE", made)
    assert place(directory, "13").mine


def test_a_server_that_was_left_is_forgotten() -> None:
    directory = known()
    directory.apply("GUILD_DELETE", {"id": "9"})
    assert directory.place("11", "9") is None


def test_a_thread_in_a_forum_belongs_to_the_forum() -> None:
    directory = known()
    directory.apply("THREAD_CREATE", {"id": "16", "guild_id": "9", "type": 11, "parent_id": "15"})
    thread = place(directory, "16").thread
    assert (thread.channel.channel, thread.thread) == ("15", "16")


def test_each_connection_of_a_large_bot_tells_of_its_own_servers() -> None:
    directory = Directory()
    servers = [str(number << 22) for number in range(4)]
    for shard in (0, 1):
        told = [{"id": id} for id in servers[shard::2]]
        directory.apply("READY", {"user": {"id": "100"}, "shard": [shard, 2], "guilds": told})
    assert sorted(directory.guilds) == sorted(servers)
    directory.apply("READY", {"user": {"id": "100"}, "shard": [1, 2], "guilds": []})
    assert sorted(directory.guilds) == sorted(servers[::2])

from pathlib import Path

import pytest

from core.subagents.sandbox import Mount
from tests.core.subagents.engine.bench import bench
from tests.core.subagents.scripted import calls, finishes, job, last


@pytest.mark.needs_system("bubblewrap")
async def test_a_skill_is_named_to_the_model_and_read_only(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "SKILL.md").write_text("Begin with the version.")
    skill = Mount(name="skill.notes", path=notes, about="writes release notes")
    async with bench(tmp_path / "data", "bubblewrap", mounts=(skill,)) as made:
        made.model.lines.extend(
            [
                calls("read_file", path="/sources/skill.notes/SKILL.md"),
                calls("write_file", path="/sources/skill.notes/SKILL.md", content="x"),
                calls("shell", command="echo x > /sources/skill.notes/SKILL.md"),
                finishes(),
            ]
        )
        await made.run(job())
        told = made.model.requests[0].messages[1].text
        assert "- /sources/skill.notes: writes release notes" in told
        assert "Begin with the version." in last(made.model.requests[1]).text
        assert (notes / "SKILL.md").read_text() == "Begin with the version."

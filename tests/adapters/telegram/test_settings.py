import subprocess
import sys


def test_the_library_is_not_loaded_where_telegram_is_not_configured() -> None:
    code = (
        "import sys, adapters.telegram.settings as s, bot.cli;"
        "print([name for name in sys.modules if name.split('.')[0] in ('telegram', 'httpx')])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"

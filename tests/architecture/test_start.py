"""Goal: `yunjin` answers at once. Method: import its front in a new process, look what came along.

Numba, pyarrow and SQLAlchemy cost 0.25–4 s each; a command that needs none must not wait for them.
"""

import subprocess
import sys

HEAVY = {"numba", "pyarrow", "sqlalchemy", "nicegui", "fastapi", "duckdb"}


def test_the_command_line_imports_nothing_heavy() -> None:
    code = "import sys, yunjin.app.cli; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not HEAVY & set(done.stdout.split())

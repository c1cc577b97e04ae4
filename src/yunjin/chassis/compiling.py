"""How the rooms' loops are compiled, and where what was compiled is kept.

Numba counts references to every array of a tuple at every call, atomically: 1.4 µs a transfer in
the ledger. The loops allocate nothing and keep nothing, so the counting is switched off (0.3 µs).
"""

import hashlib
import inspect
import os
import stat
import tempfile
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from llvmlite import ir
from numba import config, njit, types
from numba.core import cgutils
from numba.extending import intrinsic

_config, _njit = cast(Any, config), cast(Any, njit)
_PRIVATE: Final = 0o700

Function = TypeVar("Function", bound=Callable[..., Any])


def cache_folder(sources: Path, temporary: Path | None = None) -> Path | None:
    """Return where the compiled loops of the folder `sources` are kept; None: nowhere.

    The folder's name carries a hash of all sources and of this file, for Numba does not notice a
    change in an imported one. It lies beside them; where this user may not write there, in a
    folder of the user's own below `temporary` (usually the machine's). Compiled code is run, so a
    folder that another user owns or may write is refused; then each process compiles for itself,
    and a warning says so.
    """
    files = [Path(__file__), *sorted(sources.glob("*.py"))]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    name = f"numba-{digest[:12]}"
    beside = sources / "__pycache__"
    if _is_writable(beside / name):
        return beside / name
    shared = temporary or Path(tempfile.gettempdir())
    own = shared / f"yunjin-{os.getuid()}"
    place = hashlib.sha256(bytes(sources.absolute())).hexdigest()[:8]
    folder = own / f"{name}-{place}"
    if _is_private(own) and _is_writable(folder):
        return folder
    warnings.warn(
        f"Compiled loops can be kept neither in {beside} nor in {own} (expected a folder of this "
        "user's own, mode 0700): each process compiles them again, for some seconds each time.",
        RuntimeWarning,
        stacklevel=2,
    )
    return None


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):  # a mode alone says nothing of read-only disks
            return True
    except OSError:
        return False


def _is_private(folder: Path) -> bool:
    """Tell whether a folder is ours alone; it is made where it is missing."""
    try:
        folder.mkdir(mode=_PRIVATE, exist_ok=True)
        seen = folder.lstat()
    except OSError:
        return False
    is_ours = stat.S_ISDIR(seen.st_mode) and seen.st_uid == os.getuid()
    return is_ours and stat.S_IMODE(seen.st_mode) == _PRIVATE


@cache
def _folder_of(sources: Path) -> Path | None:
    return cache_folder(sources)


def is_compiled(sources: Path) -> bool:
    """Tell whether loops of a folder were compiled before, by this process or another."""
    folder = _folder_of(sources)
    return folder is not None and any(folder.rglob("*.nbi"))


def _compiled(function: Function, **options: Any) -> Function:
    """Compile a room's function; the cache's folder is set for this moment, each room has its."""
    folder = _folder_of(Path(inspect.getfile(function)).parent)
    before, _config.CACHE_DIR = _config.CACHE_DIR, str(folder or "")
    try:
        done: Function = _njit(cache=folder is not None, nogil=True, _nrt=False, **options)(
            function
        )
    finally:
        _config.CACHE_DIR = before
    return done


def loop(function: Function) -> Function:
    """Compile a loop: cached on disk, without the interpreter's lock, no allocation inside."""
    return _compiled(function)


def leaf(function: Function) -> Function:
    """Compile a small piece that is copied into the loop that calls it."""
    return _compiled(function, inline="always")


def _prefetch(typing: Any, array: Any, index: Any) -> Any:
    """Ask the memory for array[index], one-dimensional, ahead of its use. Nothing is checked."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = signature.args[0]
        size = context.get_abi_sizeof(context.get_data_type(kind.dtype))
        data = context.make_array(kind)(context, builder, arguments[0]).data
        byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
        offset = builder.mul(arguments[1], arguments[1].type(size))
        place = builder.gep(builder.bitcast(data, byte), [offset])
        shape = ir.FunctionType(ir.VoidType(), [byte, word, word, word])
        ask = cast(Any, cgutils).get_or_insert_function(builder.module, shape, "llvm.prefetch.p0i8")
        builder.call(ask, [place, word(1), word(3), word(1)])  # to write, keep near, data
        return context.get_dummy_value()

    return types.void(array, types.intp), build


prefetch: Callable[[Any, Any], None] = cast(Any, intrinsic)(_prefetch)

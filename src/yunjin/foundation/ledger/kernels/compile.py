"""How the loops are compiled.

Numba counts references to every array of a tuple at every call, atomically: 1.4 µs a transfer here.
The loops allocate nothing and keep nothing, so the counting is switched off (0.3 µs a transfer).
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from llvmlite import ir
from numba import config, njit, types
from numba.core import cgutils
from numba.extending import intrinsic

# Numba's cache does not notice a change in an imported file, so the folder's name carries a hash
# of all sources of this package.
_here = Path(__file__).parent
_digest = hashlib.sha256(b"".join(p.read_bytes() for p in sorted(_here.glob("*.py"))))
_folder = _here / "__pycache__" / f"numba-{_digest.hexdigest()[:12]}"
cast(Any, config).CACHE_DIR = str(_folder)

_njit = cast(Any, njit)

Function = TypeVar("Function", bound=Callable[..., Any])


def loop(function: Function) -> Function:
    """Compile a loop: cached on disk, without the GIL, no allocation inside."""
    compiled: Function = _njit(cache=True, nogil=True, _nrt=False)(function)
    return compiled


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


def leaf(function: Function) -> Function:
    """Compile a small piece that is copied into the loop that calls it."""
    compiled: Function = _njit(cache=True, nogil=True, _nrt=False, inline="always")(function)
    return compiled

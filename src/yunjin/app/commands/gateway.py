"""`yunjin gateway`: one address for all cells."""

import sys
from typing import Annotated, Final

import typer

from yunjin.app.commands.opening import load_settings

_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


def gateway(
    cells: Annotated[
        list[str] | None,
        typer.Argument(help="http://HOST:PORT of processes of the cells; one is enough."),
    ] = None,
) -> None:
    """Send requests on to whoever writes the cell of their account, through failures.

    What was not answered is sent again: every command carries an id and acts once.
    """
    from yunjin.kernel.errors import Malformed

    settings = load_settings()
    seeds = tuple(cells or ()) or settings.gateway.cells
    if not seeds:
        raise Malformed(
            "expected the address of a cell's process, as an argument or in gateway.cells, was none"
        )
    import uvicorn

    from yunjin.app.gateway.forwarding import Gateway
    from yunjin.chassis.transport import configure_logs
    from yunjin.kernel.clock import SystemClock

    configure_logs(SystemClock(), level="warning")
    made = Gateway(
        seeds,
        patience_s=settings.gateway.patience_s,
        answer_wait_s=settings.gateway.answer_wait_s,
        body_bytes_max=settings.http.body_bytes_max,
        hosts=_LOOPBACK if settings.http.listen in _LOOPBACK else (),
    )
    at, port = settings.http.listen, settings.http.port
    print(f"gateway at http://{at}:{port}/ for {', '.join(seeds)}. Ctrl+C stops.", file=sys.stderr)
    uvicorn.run(made.app(), host=at, port=port, log_config=None, access_log=False)

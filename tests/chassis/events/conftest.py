"""What the tests of the bus share: a server of NATS for all of them, two places for each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chassis.events.places import Place, place
from tests.nats import Nats, laid_out


@pytest.fixture(scope="module")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nats]:
    found = laid_out(tmp_path_factory.mktemp("nats"))
    found.start()
    yield found
    found.kill()


@pytest.fixture
def here(nats: Nats, tmp_path: Path) -> Iterator[Place]:
    """The place that tells. Its stream is empty: no test sees another's."""
    found = place(f"sqlite:///{tmp_path / 'here.db'}", nats.url)
    found.bus._stream("shop").delete()
    yield found
    found.close()


@pytest.fixture
def there(nats: Nats, tmp_path: Path) -> Iterator[Place]:
    """The place that hears."""
    found = place(f"sqlite:///{tmp_path / 'there.db'}", nats.url)
    yield found
    found.close()

"""A delivery: a folder with the mapping and the files it names, read and no further than that."""

import stat
from pathlib import Path
from typing import Final

from yunjin.platforms.capability.domain.takeover.mapping import Mapping, Unit, read_mapping
from yunjin.platforms.capability.domain.takeover.reading import Sheet, read_sheet
from yunjin.platforms.capability.errors.takeover import TakeoverNotFound

MAPPING: Final = "mapping.toml"
MAPPING_BYTES_MAX: Final = 1 << 20
FILE_BYTES_MAX: Final = 8 << 30
_CONTROLS: Final[dict[str, Unit]] = {
    "of": "text",
    "figure": "text",
    "currency": "text",
    "total": "text",
}


class Deliveries:
    """The folder under which an old core's deliveries lie, a folder each."""

    def __init__(self, folder: str) -> None:
        self._root = Path(folder).absolute() if folder else None

    def mapping(self, source: str) -> tuple[str, Mapping]:
        """Return a delivery's mapping. Raises: TakeoverNotFound, TakeoverMappingRefused."""
        text = self._bytes(self._folder(source), MAPPING, MAPPING_BYTES_MAX)
        words = text.decode("utf-8", "replace")
        return words, read_mapping(words)

    def sheets(self, source: str, mapping: Mapping) -> dict[str, Sheet]:
        """Return a delivery's files, the control file last. Raises: as `mapping`."""
        folder = self._folder(source)
        found: dict[str, Sheet] = {}
        for name, file in mapping.files().items():
            content = self._bytes(folder, file.file, FILE_BYTES_MAX)
            found[name] = read_sheet(
                name, content, file, mapping.form_of(file), mapping.units(name)
            )
        if mapping.controls is not None:
            content = self._bytes(folder, mapping.controls.file, FILE_BYTES_MAX)
            form = mapping.form_of(mapping.controls)
            found["controls"] = read_sheet("controls", content, mapping.controls, form, _CONTROLS)
        return found

    def one(self, source: str, name: str, mapping: Mapping) -> Sheet | None:
        """Return one file of a delivery, None where it is not there."""
        file = mapping.files().get(name)
        folder = self._folder(source)
        if file is None or not (folder / file.file).is_file():
            return None
        content = self._bytes(folder, file.file, FILE_BYTES_MAX)
        return read_sheet(name, content, file, mapping.form_of(file), mapping.units(name))

    def _folder(self, source: str) -> Path:
        if self._root is None:
            raise TakeoverNotFound(
                "There is no folder of deliveries: set capability.takeover_folder."
            )
        found = (self._root / source).resolve()
        if not source or self._root.resolve() not in (found, *found.parents):
            raise TakeoverNotFound(f"There is no delivery {source[:60]!r} in the folder.")
        if not found.is_dir():
            raise TakeoverNotFound(f"There is no delivery {source[:60]!r} in the folder.")
        return found

    def _bytes(self, folder: Path, name: str, most: int) -> bytes:
        path = (folder / name).resolve()
        if folder not in path.parents or not path.is_file():
            raise TakeoverNotFound(f"The delivery has no file {name[:60]!r}.", file=name[:60])
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > most:
            raise TakeoverNotFound(
                f"expected {name[:60]!r} of at most {most} bytes, was {facts.st_size}"
            )
        return path.read_bytes()

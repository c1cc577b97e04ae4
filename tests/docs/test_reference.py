"""Goal: the reference is what the code says. Method: write it anew in memory and compare."""

from tests.data import ROOT
from tools.reference import REFERENCE, pages, problem_classes
from yunjin.kernel.errors import Bug, Outage, Refusal, Unknown


def test_the_reference_is_up_to_date() -> None:
    wanted = pages()
    stale = [str(place) for place, text in wanted.items() if read(place) != text]
    assert not stale, f"run ./run docs; these differ: {stale}"


def test_nothing_stands_in_the_reference_that_the_code_does_not_say() -> None:
    found = {path.relative_to(ROOT) for path in (ROOT / REFERENCE).rglob("*.*")}
    assert found <= set(pages())


def test_every_problem_is_of_one_kind_and_names_its_room() -> None:
    for problem in problem_classes():
        assert issubclass(problem, (Refusal, Outage, Unknown, Bug)), problem
        room, _, name = problem.code.partition("/")
        assert name == name.lower().replace("_", "-"), problem.code
        assert room == "kernel" or f".{room}." in f"{problem.__module__}.", problem.code


def read(place: object) -> str:
    """Return a page as it stands, nothing where it does not."""
    path = ROOT / str(place)
    return path.read_text(encoding="utf-8") if path.exists() else ""

"""How the document centre is put together; without a signing service papers are signed by hand."""

from typing import Final

from yunjin.kernel.room import Way
from yunjin.platforms.capability.api.centres import Centre
from yunjin.platforms.capability.api.documents import DOCUMENTS, DocumentsApi
from yunjin.platforms.capability.api.esign import ESign
from yunjin.platforms.capability.wiring.making import Ground, Making

CENTRES: Final[tuple[Centre, ...]] = (DOCUMENTS,)


def add(made: Making) -> None:
    """Add the centre."""
    from yunjin.platforms.capability.flows.documents import document_signing
    from yunjin.platforms.capability.service.papers import PaperDrawer
    from yunjin.platforms.capability.service.signing import DocumentService

    ground = made.ground
    settings = ground.settings
    drawer = PaperDrawer(
        institution=settings.institution, today=ground.today, font_file=settings.font_file
    )
    esign = _esign(ground)
    documents = made.doors[DocumentsApi] = DocumentService(
        ground.room, made.flows, draw=drawer.draw, cursor_key=ground.key, esign=esign
    )
    made.definitions.append(document_signing(documents))
    _shown(made)
    if esign is not None:
        from yunjin.platforms.capability.jobs.hearing import Hearing, Told

        told = Told(
            "esign", last=documents.last_notice, collect=esign.collect, take=documents.take_all
        )
        made.jobs.append(Hearing("capability-esign", [told], stands_by=ground.stands_by))


def _shown(made: Making) -> None:
    """Add what the web and the console show of it."""
    clock = made.ground.clock

    def routers(way: Way) -> list[object]:
        from yunjin.platforms.capability.routes.documents import router

        return [router(way(DocumentsApi))]

    def pages(way: Way) -> None:
        from yunjin.platforms.capability.pages import document, document_editor
        from yunjin.platforms.capability.pages import documents as all_documents

        all_documents.register(way(DocumentsApi))
        document_editor.register(way(DocumentsApi), clock)
        document.register(way(DocumentsApi), clock)

    made.routers.append(routers)
    made.pages.append(pages)


def _esign(ground: Ground) -> ESign | None:
    bound: ESign | None = ground.ports.get(ESign)
    if bound is None and ground.settings.trial_signing:
        from yunjin.platforms.capability.adapters.esign import FakeESign

        return FakeESign()
    return bound

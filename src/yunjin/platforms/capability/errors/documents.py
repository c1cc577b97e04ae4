"""What the document centre refuses."""

from yunjin.kernel.errors import NotFound, Refusal


class DocumentTemplateNotFound(NotFound):
    """There is no document template of this code, version or language."""

    code, title = "capability/document-template-not-found", "Document template not found"


class DocumentTemplateRefused(Refusal):
    """The template does not hold together: `field` says where, `why` how."""

    code, status, title = "capability/document-template-refused", 409, "Template refused"


class DocumentValuesRefused(Refusal):
    """The values do not fit the template's fields: `field` says which, `why` how."""

    code, status, title = "capability/document-values-refused", 409, "Values refused"


class DocumentNotFound(NotFound):
    """There is no document of this id, or it has no such version."""

    code, title = "capability/document-not-found", "Document not found"


class DocumentRefused(Refusal):
    """It cannot be done to the document as it stands: `why` says what is in the way."""

    code, status, title = "capability/document-refused", 409, "Document refused"

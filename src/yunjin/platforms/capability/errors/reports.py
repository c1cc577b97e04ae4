"""What the report centre refuses."""

from yunjin.kernel.errors import NotFound, Refusal


class ReportNotFound(NotFound):
    """There is no report of this code, or no such version."""

    code, title = "capability/report-not-found", "Report not found"


class ReportRefused(Refusal):
    """The report cannot be defined, run or compared like this: `why` says what is wrong."""

    code, status, title = "capability/report-refused", 409, "Report refused"


class RunNotFound(NotFound):
    """There is no run of this id."""

    code, title = "capability/report-run-not-found", "Run of a report not found"

"""What the message centre refuses."""

from yunjin.kernel.errors import NotFound, Refusal


class MessageTemplateNotFound(NotFound):
    """There is no message template of this code, or none in this channel and language."""

    code, title = "capability/message-template-not-found", "Message template not found"


class MessageTemplateRefused(Refusal):
    """The template does not hold together: `field` says where, `why` how."""

    code, status, title = "capability/message-template-refused", 409, "Template refused"


class MessageRefused(Refusal):
    """The message cannot be taken, tried again or given up: `why` says what is in the way."""

    code, status, title = "capability/message-refused", 409, "Message refused"


class MessageNotFound(NotFound):
    """There is no message, or no batch of messages, of this id."""

    code, title = "capability/message-not-found", "Message not found"

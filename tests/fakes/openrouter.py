"""OpenRouter: chat completions with a cost, and errors that carry a number."""

from tests.fakes.dialect import Answer
from tests.fakes.faults import Fault
from tests.fakes.frames import encode
from tests.fakes.openai_chat import OpenAIChat
from tests.fakes.scenario import JsonObject


class OpenRouter(OpenAIChat):
    """POST /api/v1/chat/completions; usage is always told."""

    name = "openrouter"
    always_tells_usage = True

    def usage(self, answer: Answer) -> JsonObject:
        """Write the bill with its cost in US dollars (credits)."""
        return super().usage(answer) | {"cost": answer.bill.cost_usd, "is_byok": False}

    def error(self, status: int, fault: Fault) -> JsonObject:
        """Build the body of an HTTP error; `code` repeats the status."""
        inner = super().error(status, fault)["error"]
        metadata = {"provider_name": "Fake", "raw": inner["message"]}
        return {"error": {"code": status, "message": inner["message"], "metadata": metadata}}

    def error_event(self, fault: Fault, answer: Answer) -> bytes:
        """Encode an error mid-stream: a last chunk whose finish reason is `error`."""
        choice = {"index": 0, "delta": {"content": ""}, "finish_reason": "error"}
        return self.line(encode(self.chunk(answer, [choice]) | self.error(502, fault)))

"""What asyncio logs, and what reaches a loop's exception handler, as lists to assert on."""

import logging


class LogRecords(logging.Handler):
    """Keeps what the logger "asyncio" says from WARNING on."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def take(self) -> list[logging.LogRecord]:
        """The records so far; they count as expected from now on."""
        taken, self.records = self.records, []
        return taken

    def take_one(self) -> logging.LogRecord:
        """The only record so far."""
        (record,) = self.take()
        return record

    def messages(self) -> list[str]:
        """The texts of the records so far, taken."""
        return [record.getMessage() for record in self.take()]


class Problems:
    """An exception handler that keeps the contexts it is called with."""

    def __init__(self) -> None:
        self.contexts: list[dict] = []

    def __call__(self, loop, context: dict) -> None:
        self.contexts.append(context)

    def take(self) -> list[dict]:
        """The contexts so far; they count as expected from now on."""
        taken, self.contexts = self.contexts, []
        return taken

    def take_one(self) -> dict:
        """The only context so far."""
        (context,) = self.take()
        return context

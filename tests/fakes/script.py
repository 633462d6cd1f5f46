"""The running scenario: how far each list of replies has been consumed."""

from dataclasses import dataclass

from tests.fakes.scenario import Asked, Repeat, Reply, Scenario


@dataclass(slots=True)
class Track:
    """A list of replies and a place in it."""

    replies: list[Reply]
    repeat: Repeat
    used: int = 0

    def take(self) -> Reply | None:
        """Return the next reply, or `None` if there is none left."""
        if not self.replies:
            return None
        index = self._index()
        if index is None:
            return None
        self.used += 1
        return self.replies[index]

    def _index(self) -> int | None:
        if self.used < len(self.replies):
            return self.used
        match self.repeat:
            case Repeat.LAST:
                return len(self.replies) - 1
            case Repeat.LOOP:
                return self.used % len(self.replies)
            case Repeat.NEVER:
                return None


class Script:
    """Hands out the replies of a scenario; not thread-safe."""

    def __init__(self, scenario: Scenario) -> None:
        self._respond = scenario.respond
        self._rules = [(rule, Track(list(rule.replies), rule.repeat)) for rule in scenario.rules]
        self._main = Track(list(scenario.replies), scenario.repeat)

    def answer(self, asked: Asked) -> Reply | None:
        """Choose the reply for `asked`; `None` means the scenario has run out."""
        if self._respond is not None and (reply := self._respond(asked)) is not None:
            return reply
        for rule, track in self._rules:
            if rule.matches(asked) and (reply := track.take()) is not None:
                return reply
        return self._main.take()

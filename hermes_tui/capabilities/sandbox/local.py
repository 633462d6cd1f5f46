"""The weakest level: own process group, clean environment, limits; every command must be approved."""

from __future__ import annotations

import os
from collections.abc import Mapping

from hermes_tui.capabilities.sandbox import cgroup, process
from hermes_tui.capabilities.sandbox.limits import MOST_PROCESSES, limited, memory_bytes
from hermes_tui.capabilities.sandbox.toolchains import own_home
from hermes_tui.domain.errors import SandboxUnavailable
from hermes_tui.domain.processes import ProcessResult, SandboxCommand, SandboxLevel


class LimitsOnly:
    """Runs commands unconfined but for resource limits; `why` says what is missing for more."""

    def __init__(self, why: str, remedy: str) -> None:
        self.level = SandboxLevel(name="limits only", confines=False, why=why, remedy=remedy)
        self._groups = cgroup.Groups(MOST_PROCESSES, memory_bytes())

    async def run(self, command: SandboxCommand) -> ProcessResult:
        """Run `command` with limits; see `ports.Sandbox`.

        Raises:
            SandboxUnavailable: the program cannot be started.
        """
        env = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(own_home()),
            "LANG": os.environ.get("LANG", "C.UTF-8"),
            "PYTHONDONTWRITEBYTECODE": "1",
            **({"VIRTUAL_ENV": os.environ["VIRTUAL_ENV"]} if "VIRTUAL_ENV" in os.environ else {}),
            **command.env,
        }
        with self._groups.one() as group:
            return await self._launch(command, env, group)

    async def _launch(self, command: SandboxCommand, env: Mapping[str, str], group: cgroup.Group) -> ProcessResult:
        launch = process.Launch(
            argv=limited(command.argv, command.timeout_s),
            env=env,
            cwd=command.cwd,
            stdin=command.stdin,
            stdio=command.stdio,
            timeout_s=command.timeout_s,
            output_limit_bytes=command.output_limit_bytes,
            heard=command.heard,
            group=group,
            marked=True,
        )
        try:
            return (await process.run(launch))[0]
        except OSError as error:
            raise SandboxUnavailable(f"{command.argv[0]} did not start: {error}.") from error

"""MigrateError: what is wrong with the user's situation, with a hint; and the exit codes."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the command's exit status says."""

    DONE = 0
    FOUND = 1
    USAGE = 2
    BLOCKED = 3
    SITUATION = 4


class MigrateError(Exception):
    """The user's situation does not allow what was asked for. Caught once, in the command line."""

    def __init__(self, message: str, hint: str = "", code: ExitCode = ExitCode.SITUATION) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code


class UnfitError(MigrateError):
    """The recipe does not fit the files of a commit; it may fit those of another one."""

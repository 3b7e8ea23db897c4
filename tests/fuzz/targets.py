"""Every reader under fuzzing, in one table."""

from tests.fuzz import dialogues, files, folders, service
from tests.fuzz.target import Target

TARGETS: dict[str, Target] = {
    target.name: target for target in (*dialogues.TARGETS, *files.TARGETS, *folders.TARGETS, *service.TARGETS)
}

"""Every reader under fuzzing, in one table."""

from tests.fuzz import dialogues, event_socket, files, folders, service
from tests.fuzz.target import Target

TARGETS: dict[str, Target] = {
    target.name: target
    for module in (dialogues, event_socket, files, folders, service)
    for target in module.TARGETS
}

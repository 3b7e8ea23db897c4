"""Call databases of both kinds: what is kept of callers is SQL too."""

from tests.calllog.conftest import database as database
from tests.calllog.conftest import new_database as new_database
from tests.calllog.conftest import postgres as postgres

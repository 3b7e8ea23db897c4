"""Alerts by HTTP: one JSON object by POST, again where nobody answers, for so often and so long."""

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable

from silentspam.errors import SilentSpamError
from silentspam.listening.alerts import CallAlert

PAUSE_SECONDS = 1.0
"""Before the second attempt; twice as long before each further one [s]."""


class WebhookError(SilentSpamError):
    """Nobody took the notification; the message names the key `provenance.webhook`, not the address, which
    may hold a secret."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A notification goes where it was told to, and nowhere else."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


class Webhook:
    """One address (implements `outbox.Way`). seconds: for each attempt; taken where the answer is 2xx."""

    name = "webhook"

    def __init__(
        self,
        address: str,
        *,
        seconds: float,
        attempts: int,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._address = address
        self._seconds = seconds
        self._attempts = attempts
        self._sleep = sleep
        self._opener = urllib.request.build_opener(_NoRedirect)

    def tell(self, alert: CallAlert) -> bool:
        """Send it; always True. Raises WebhookError after the last attempt."""
        trouble = ""
        for attempt in range(self._attempts):
            if attempt:
                self._sleep(PAUSE_SECONDS * 2 ** (attempt - 1))
            trouble = self._attempt(alert.to_json())
            if not trouble:
                return True
        raise WebhookError(f"provenance.webhook: {self._attempts} attempts: {trouble}")

    def _attempt(self, body: bytes) -> str:
        """Why it was not taken; "" when it was."""
        try:
            request = urllib.request.Request(
                self._address, data=body, headers={"Content-Type": "application/json"}, method="POST"
            )
            with self._opener.open(request, timeout=self._seconds):
                return ""
        except urllib.error.HTTPError as error:
            with error:
                return f"answered {error.code}"
        except (http.client.HTTPException, ValueError) as error:  # their words may quote the address
            return type(error).__name__
        except OSError as error:
            return f"{type(error).__name__}: {getattr(error, 'reason', None) or error}"

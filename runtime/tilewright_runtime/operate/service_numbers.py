"""What a live service tells doctor of itself."""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from math import ceil, inf
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from tilewright.documents import MOST_BYTES

from ..errors import InputError

#: A number that is finite, whoever wrote it.
_NUMBER = r"-?\d{1,30}(?:\.\d+)?(?:[eE][+-]?\d{1,2})?"
_SAMPLE = re.compile(rf"^tilewright_(\w+?)(?:\{{([^}}]*)\}})? ({_NUMBER})$", re.MULTILINE)
_BOUND = re.compile(rf'le="({_NUMBER}|\+Inf)"')
_FETCHES = "tile_fetch_latency_seconds_bucket"
#: How long a service may take to say what it counts, and how often the way to it is measured.
_TIMEOUT_S, _TIMES = 5.0, 3
#: What helps against a certificate, by OpenSSL's code of what is wrong with it.
_OTHER_NAME = "Ask by a name that it is for."
_CERTIFICATE_REMEDIES = {10: "Renew it.", 62: _OTHER_NAME, 64: _OTHER_NAME}
_UNKNOWN_AUTHORITY = "Name the file of who signed it (PEM) in SSL_CERT_FILE."


@dataclass(frozen=True)
class ServiceNumbers:
    """What a service exposes of a plan."""

    values: Mapping[str, float]
    """By the metric's name, summed over its other labels."""
    fetches: Sequence[tuple[float, float]]
    """How many fetches took at most so many seconds, up to any number of them."""

    @classmethod
    def read(cls, exposition: str, plan: str) -> ServiceNumbers:
        """Read what Prometheus scrapes."""
        fetches: dict[float, float] = {}
        values: dict[str, float] = {}
        named = f'plan="{_escaped(plan)}"'
        for name, labels, value in _SAMPLE.findall(exposition):
            if 'plan="' in labels and named not in labels:
                continue
            if name == _FETCHES and (bound := _BOUND.search(labels)):
                seconds = float(bound[1])
                fetches[seconds] = fetches.get(seconds, 0.0) + float(value)
            elif not name.endswith("_bucket"):
                values[name] = values.get(name, 0.0) + float(value)
        return cls(values, sorted(fetches.items()))

    @property
    def fetch_count(self) -> int:
        """How many fetches it has answered."""
        return int(self.fetches[-1][1]) if self.fetches else 0

    def fetches_within_s(self, part: float) -> float:
        """Find the least bound that this part of fetches keeps."""
        enough = ceil(part * self.fetch_count)
        return next((bound for bound, count in self.fetches if count >= enough), inf)


@dataclass(frozen=True)
class LiveService:
    """A service's numbers, and the way to it."""

    exposition: str
    way_seconds: float
    """The shortest of some times that the smallest answer took."""


def ask_service(url: str, token: bytes | None = None) -> LiveService:
    """Read what a service exposes, and how far it is.

    Raises InputError if it does not answer, or wants another token.
    """
    base = url.rstrip("/")
    headers = {} if token is None else {"Authorization": f"Bearer {token.decode('latin-1')}"}
    text = _get(f"{base}/metrics", headers)
    times = []
    for _ in range(_TIMES):
        begun = time.perf_counter()
        _get(f"{base}/ping", headers, must_exist=False)
        times.append(time.perf_counter() - begun)
    return LiveService(text, min(times))


def _get(url: str, headers: Mapping[str, str], *, must_exist: bool = True) -> str:
    """Get a page, which need not exist everywhere."""
    try:
        with urlopen(Request(url, headers=dict(headers)), timeout=_TIMEOUT_S) as answer:
            text: str = answer.read(MOST_BYTES).decode(errors="replace")
    except HTTPError as refused:
        if not must_exist:
            return ""
        raise InputError(_refusal(url, refused)) from None
    except (OSError, ValueError, HTTPException) as wrong:
        cause = wrong.reason if isinstance(wrong, URLError) else wrong
        raise InputError(_unread(url, cause)) from wrong
    return text


def _unread(url: str, cause: object) -> str:
    """Say why there is no answer, and what helps."""
    if isinstance(cause, ssl.SSLCertVerificationError):
        remedy = _CERTIFICATE_REMEDIES.get(cause.verify_code, _UNKNOWN_AUTHORITY)
        reason = cause.verify_message.removesuffix(".")
        return f"{url} has a certificate that is not accepted here ({reason}). {remedy}"
    if isinstance(cause, ssl.SSLError):
        return f"{url} cannot be read by TLS ({cause.reason}). Does it begin with http://?"
    remedy = "See whether its address is right, from http:// or https:// on"
    if isinstance(cause, ConnectionRefusedError):
        remedy = "Start the service"
    return f"{url} cannot be read ({cause}). {remedy}, or leave --service out."


def _refusal(url: str, refused: HTTPError) -> str:
    if refused.code == 401:
        return f"{url} asks for a token. Name its file with --token-file, or set TILEWRIGHT_TOKEN."
    return f"{url} answers with status {refused.code}. Name the address that serves /metrics."


def _escaped(label: str) -> str:
    return label.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")

"""Clients of the HTTP service.

One of them waits, and one is awaited. Both ask again if the service cannot be reached or is not
ready: a fetch changes nothing.
"""

try:
    from .awaited import AsyncClient
    from .calls import Row, ServiceError
    from .waiting import Client
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        f"the client needs the package {missing.name}. Install it with: pip install "
        "'tilewright[client]'",
        name=missing.name,
    ) from None

__all__ = ["AsyncClient", "Client", "Row", "ServiceError"]

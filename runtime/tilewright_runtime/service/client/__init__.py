"""Clients of the HTTP service.

One of them waits, and one is awaited. Both ask again if the service cannot be reached or is not
ready: a fetch changes nothing.
"""

try:
    from .awaited import AsyncClient
    from .calls import Row, ServiceError
    from .waiting import Client
except ModuleNotFoundError as missing:
    from ...errors import installation_of

    raise ModuleNotFoundError(
        f"the client needs the package {missing.name}. Install it with: "
        f"{installation_of('client')}.",
        name=missing.name,
    ) from None

__all__ = ["AsyncClient", "Client", "Row", "ServiceError"]

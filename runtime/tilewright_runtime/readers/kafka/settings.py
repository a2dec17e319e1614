"""How a broker is reached: TLS, names and passwords.

They are read from a properties file or from the environment, and are written nowhere. The names are
those of librdkafka; `java_settings` gives the same for the clients of Flink and Spark.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from tilewright.documents import read_document
from tilewright.suggestions import nearest

from ...errors import InputError

#: Names a file of properties.
FILE_VARIABLE = "TILEWRIGHT_KAFKA_PROPERTIES"
#: What a variable of one property begins with: TILEWRIGHT_KAFKA_SASL_PASSWORD is sasl.password.
_PREFIX = "TILEWRIGHT_KAFKA_"

REGISTRY_URL = "schema.registry.url"
REGISTRY_USER = "schema.registry.basic.auth.user.info"
_NAMES = (
    "client.id",
    "group.id",
    "max.partition.fetch.bytes",
    "sasl.mechanism",
    "sasl.password",
    "sasl.username",
    REGISTRY_USER,
    REGISTRY_URL,
    "security.protocol",
    "ssl.ca.location",
    "ssl.certificate.location",
    "ssl.endpoint.identification.algorithm",
    "ssl.key.location",
    "ssl.key.password",
)
_BY_VARIABLE = {_PREFIX + name.replace(".", "_").upper(): name for name in _NAMES}
_JAAS = re.compile(r"""\b(username|password)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
#: Where Java's clients have their classes, unless a connector carries them under another name.
JAVA_PACKAGE = "org.apache.kafka."
_LOGIN_MODULES = {
    "PLAIN": "common.security.plain.PlainLoginModule",
    "SCRAM-SHA-256": "common.security.scram.ScramLoginModule",
    "SCRAM-SHA-512": "common.security.scram.ScramLoginModule",
}


def kafka_settings(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Read the process's settings: a file, then variables.

    Raises InputError for a file that cannot be read and for a name that is not known.
    """
    variables = os.environ if environment is None else environment
    file = variables.get(FILE_VARIABLE)
    settings = _from_file(Path(file)) if file else {}
    for variable, name in _BY_VARIABLE.items():
        if value := variables.get(variable):
            settings[name] = value
    return settings


def _from_file(path: Path) -> dict[str, str]:
    try:
        lines = read_document(path).decode().splitlines()
    except (OSError, UnicodeDecodeError) as wrong:
        reason = wrong.strerror if isinstance(wrong, OSError) else "it is not UTF-8"
        raise InputError(
            f"{path}: cannot be read as properties of Kafka ({reason}). {FILE_VARIABLE} names it."
        ) from None
    settings: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if line.strip() and line.lstrip()[0] not in "#!":
            name, mark, value = line.partition("=")
            if not mark:
                raise InputError(f"{path}:{number}: is not of the form name=value.")
            settings |= _understood(name.strip(), value.strip(), f"{path}:{number}")
    return settings


def _understood(name: str, value: str, place: str) -> dict[str, str]:
    """Read one property.

    Some have other names in Java.
    """
    if name == "sasl.jaas.config":
        options = {key: double or single for key, double, single in _JAAS.findall(value)}
        return {f"sasl.{key}": text for key, text in options.items()}
    if name in ("ssl.truststore.type", "ssl.keystore.type"):
        if value.upper() != "PEM":
            raise InputError(f"{place}: {name} {value} is not read. Give certificates as PEM.")
        return {}
    if name == "ssl.truststore.location":
        return {"ssl.ca.location": value}
    if name == "basic.auth.user.info":
        return {REGISTRY_USER: value}
    if name in ("bootstrap.servers", "basic.auth.credentials.source"):
        return {}
    if name not in _NAMES:
        raise InputError(f"{place}: {name!r} is not a setting. {nearest(name, _NAMES)}")
    return {name: value}


def client_settings(settings: Mapping[str, str]) -> dict[str, str]:
    """Leave out what is not for the broker's client."""
    return {name: value for name, value in settings.items() if not name.startswith("schema.")}


def java_settings(settings: Mapping[str, str], package: str = JAVA_PACKAGE) -> dict[str, str]:
    """Write connection settings for Kafka's clients in Java.

    Engines name their clients and groups themselves. `package` is where the clients' classes are.
    Raises InputError for a mechanism that has no login module here, and for a file that cannot be
    read.
    """
    java: dict[str, str] = {}
    for name in ("security.protocol", "sasl.mechanism", "max.partition.fetch.bytes"):
        if name in settings:
            java[name] = settings[name]
    if "sasl.username" in settings:
        java["sasl.jaas.config"] = _jaas(settings, package)
    if "ssl.ca.location" in settings:
        java["ssl.truststore.type"] = "PEM"
        java["ssl.truststore.certificates"] = _pem(settings["ssl.ca.location"])
    if "ssl.certificate.location" in settings:
        java["ssl.keystore.type"] = "PEM"
        java["ssl.keystore.certificate.chain"] = _pem(settings["ssl.certificate.location"])
        java["ssl.keystore.key"] = _pem(settings.get("ssl.key.location", ""))
    if "ssl.key.password" in settings:
        java["ssl.key.password"] = settings["ssl.key.password"]
    if algorithm := settings.get("ssl.endpoint.identification.algorithm"):
        java["ssl.endpoint.identification.algorithm"] = "" if algorithm == "none" else algorithm
    return java


def _jaas(settings: Mapping[str, str], package: str) -> str:
    mechanism = settings.get("sasl.mechanism", "PLAIN")
    if mechanism not in _LOGIN_MODULES:
        raise InputError(
            f"sasl.mechanism {mechanism} is none of {', '.join(_LOGIN_MODULES)}, which jobs take."
        )
    username, password = settings["sasl.username"], settings.get("sasl.password", "")
    return (
        f"{package}{_LOGIN_MODULES[mechanism]} required username={_quoted(username)} "
        f"password={_quoted(password)};"
    )


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _pem(path: str) -> str:
    try:
        return read_document(path).decode("ascii")
    except (OSError, UnicodeDecodeError):
        raise InputError(f"{path or 'ssl.key.location'}: cannot be read as PEM.") from None
